# SPDX-License-Identifier: Apache-2.0
"""Both implementations of audit logs against each other: each checks what the other made, and both say
the same of mutants of logs and of proofs. cross_audit.py DRIVER [MUTANTS]"""

import os
import random
import shutil
import subprocess
import sys
import tempfile

import audit_ref as ref


class Driver:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        self.process.stdin.write(' '.join(map(str, words)) + '\n')
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if not answer:
            sys.exit(f'no answer to {words}')
        return answer

    def close(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            sys.exit('the driver failed')


def files_of(folder):
    """What a log is verified by: neither keys, nor the lock, nor the derived index."""
    found = []
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.relpath(os.path.join(base, name), folder)
            if not path.startswith('keys/') and path not in ('lock', 'index'):
                found.append(path)
    return sorted(found)


def is_earlier_part(path, checked_size):
    """A part of a tile of an earlier checkpoint: the second implementation does not look at it."""
    return '.p/' in path and path.startswith(('tile/0/', 'tile/entries/')) and int(path.rsplit('/', 1)[1]) != checked_size % 256


def mutate(dice, folder, path):
    name = os.path.join(folder, path)
    with open(name, 'rb') as file:
        raw = bytearray(file.read())
    how = dice.choice(('flip', 'flip', 'flip', 'cut', 'insert', 'delete', 'swap'))
    at = dice.randrange(len(raw))
    if how == 'delete':
        os.remove(name)
        return f'{path} deleted'
    if how == 'flip':
        raw[at] ^= 1 << dice.randrange(8)
    elif how == 'cut':
        del raw[at:]
    elif how == 'insert':
        raw[at:at] = bytes([raw[at] ^ 1])
    else:
        other = dice.randrange(len(raw))
        raw[at], raw[other] = raw[other], raw[at]
    with open(name, 'wb') as file:
        file.write(raw)
    return f'{path} {how} {at}'


def python_says(folder, key):
    try:
        ref.check_folder(folder, key)
    except ref.Wrong as wrong:
        return 'wrong', wrong.record
    return 'ok', None


def compare_log(driver, folder, key, what):
    python, record = python_says(folder, key)
    status, wrong = driver.ask('check', folder, key.text())
    if (python == 'ok') != (status == 'ok') or status not in ('ok', 'not authentic', 'not_authentic', 'not-authentic'):
        sys.exit(f'{what}: Python says {python}, C says {status}')
    if record is not None and wrong != str(record):
        sys.exit(f'{what}: Python says record {record}, C says {wrong}')
    return python


def mutants_of_log(driver, dice, folder, key, size, count):
    refused = 0
    paths = [path for path in files_of(folder) if not is_earlier_part(path, size)]
    for number in range(count):
        copy = folder + '.mutant'
        shutil.copytree(folder, copy)
        what = mutate(dice, copy, paths[number % len(paths)])
        refused += compare_log(driver, copy, key, what) != 'ok'
        shutil.rmtree(copy)
    return refused


def mutants_of_proof(driver, dice, raw, key, count, scratch):
    refused = 0
    for _ in range(count):
        changed = bytearray(raw)
        at = dice.randrange(len(changed))
        if dice.random() < 0.7:
            changed[at] ^= 1 << dice.randrange(8)
        else:
            del changed[at : at + dice.randrange(1, 40)]
        with open(scratch, 'wb') as file:
            file.write(changed)
        try:
            index, _, size, _ = ref.verify_proof(key, bytes(changed))
            python = ['ok', str(index), str(size)]
        except ref.Wrong:
            python = ['-', '-']
        answer = driver.ask('verify', key.text(), scratch)
        if python != (answer if answer[0] == 'ok' else ['-', '-']):
            sys.exit(f'a proof changed at {at}: Python says {python}, C says {answer}')
        refused += python[0] != 'ok'
    return refused


def proofs_both_ways(driver, folder, key, size, scratch):
    """What each makes of a record, the other verifies; the two are the same to the byte."""
    log = ref.Log(key)
    epochs = ref.read(folder, 'epochs')
    log.read_epochs(epochs)
    note = ref.read(folder, 'checkpoint')
    leaves = ref.check_tiles(folder, *log.checkpoint(note)[:2])
    proof = b''
    for index in sorted({0, 1, 255, 256, size // 2, size - 2, size - 1}):
        driver.ask('prove', folder, key.text(), index, scratch)
        with open(scratch, 'rb') as file:
            theirs = file.read()
        found, record, its_size, _ = ref.verify_proof(key, theirs)
        assert (found, its_size) == (index, size), (found, its_size, index, size)
        handovers = [begin for begin, _, _ in log.epochs[1:]]
        proof = ref.put_proof(record, index, leaves, size, note, epochs, handovers)
        assert proof == theirs, f'two proofs of record {index} differ'
        with open(scratch, 'wb') as file:
            file.write(proof)
        assert driver.ask('verify', key.text(), scratch) == ['ok', str(index), str(size)]
    driver.ask('prove', folder, key.text(), 1, scratch)
    with open(scratch, 'rb') as file:
        return file.read()


def main():
    driver = Driver(sys.argv[1])
    mutants = int(sys.argv[2]) if len(sys.argv) > 2 else 120
    dice = random.Random(8)
    with tempfile.TemporaryDirectory() as scratch:
        ours = os.path.join(scratch, 'c')
        key = ref.Key.parse(driver.ask('make', ours, 270, 30)[0])
        theirs = os.path.join(scratch, 'python')
        records = [b'{"n":%d}' % i for i in range(700)]
        other = ref.make_log(theirs, 'vms.example/python', records, 300)
        refused = 0
        for folder, its_key, size in ((ours, key, 304), (theirs, other, 700)):
            assert ref.check_folder(folder, its_key) == size
            assert compare_log(driver, folder, its_key, folder) == 'ok'
            refused += mutants_of_log(driver, dice, folder, its_key, size, mutants)
            proof = proofs_both_ways(driver, folder, its_key, size, os.path.join(scratch, 'proof'))
            refused += mutants_of_proof(driver, dice, proof, its_key, mutants, os.path.join(scratch, 'proof'))
        # The dice must not have been kind.
        assert refused > 3 * mutants, refused
        print(f'{4 * mutants} mutants, {refused} refused by both')
    driver.close()


if __name__ == '__main__':
    main()
