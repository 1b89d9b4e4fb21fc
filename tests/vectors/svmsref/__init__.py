# SPDX-License-Identifier: Apache-2.0
"""Second implementation of the libsvms container, written from docs/spec/container.md alone.

It exists to prove the specification and to test the library. It favours strictness and
readability over speed, keeps whole files in memory, and is not meant for production.
"""
