# SPDX-License-Identifier: Apache-2.0
"""The library behind decide_driver: cases go in, answers come out."""

import json
import os
import subprocess

import foreign_tokens


class Library:
    """One driver that runs until it is closed. SVMS_DECIDE_DRIVER names the program."""

    def __init__(self):
        names = (foreign_tokens.ISSUER, foreign_tokens.AUDIENCE, foreign_tokens.keys())
        self.process = subprocess.Popen(
            [os.environ["SVMS_DECIDE_DRIVER"], *names],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self.token_count = 0

    def ask(self, policy, tokens=(), questions=()):
        """A policy (text or dictionary), tokens as foreign_tokens.spell() wants them, questions."""
        spelt = []
        for token in tokens:
            self.token_count += 1
            spelt.append(foreign_tokens.spell(self.token_count, token))
        text = policy if isinstance(policy, str) else json.dumps(policy)
        case = json.dumps({"policy": text, "tokens": spelt, "questions": list(questions)})
        self.process.stdin.write(case + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the driver ended: {case}")
        return json.loads(line)

    def close(self):
        """Ends it; its exit status."""
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait()
