# SPDX-License-Identifier: Apache-2.0
"""Writes the proofs in corpus/audit_proof that verify by the key in fuzz_audit_proof.c: of a log whose
keys are those of fixed seeds. make_audit_proof_seeds.py CORPUS"""

import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '../tests/vectors/audit'))
import audit_ref as ref  # noqa: E402

SIZE = 20
HANDOVER = 13


def main():
    records = [b'{"v":1,"n":%d}' % i for i in range(SIZE)]
    leaves = [ref.leaf_hash(record) for record in records]
    with tempfile.TemporaryDirectory() as folder:
        key = ref.make_log(folder, 'fuzz', records, HANDOVER, (bytes([1]) * 32, bytes([2]) * 32))
        note, epochs = ref.read(folder, 'checkpoint'), ref.read(folder, 'epochs')
    print(key.text())
    for index in (0, 12, 13, 19):
        proof = ref.put_proof(records[index], index, leaves, SIZE, note, epochs, [HANDOVER])
        assert ref.verify_proof(key, proof)[0] == index
        with open(os.path.join(sys.argv[1], f'verifies-{index}'), 'wb') as file:
            file.write(proof)


if __name__ == '__main__':
    main()
