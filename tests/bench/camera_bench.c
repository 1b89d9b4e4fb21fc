/* SPDX-License-Identifier: Apache-2.0 */
/* Overwritten by accident; its owner puts it back (see asks.md). */
int main(void)
{
    return 0;
}
