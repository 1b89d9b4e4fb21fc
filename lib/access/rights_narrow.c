/* SPDX-License-Identifier: Apache-2.0 */
/* Rights for a token that is exchanged for another (token.md, J-EXC-2): right by right, member by
 * member, and refused where it cannot be told. */
#include "failure.h"
#include "right_within.h"
#include "token_internal.h"

/* Why a right is within none of the others: the member by which it exceeds the one that it exceeds
 * last. */
typedef struct nearest {
    size_t agreed;
    size_t other;
    const char *member;
} nearest;

static void note(nearest *best, size_t agreed, size_t other, const char *member)
{
    if (!best->member || agreed > best->agreed) {
        nearest found = { agreed, other, member };
        *best = found;
    }
}

static const char *exceeds_as_allow(const svms_rule *right, const svms_rule *old, size_t *agreed)
{
    const char *member = svms_right_exceeds(right, old, agreed);
    if (!member && !svms_right_needs_second(right, old)) {
        member = "second";
    }
    if (!member && (old->obligations & ~right->obligations) != 0) {
        member = "obligations";
    }
    return member;
}

static svms_status check_allow(const svms_rights *rights, size_t index, const svms_token *token,
                               svms_error *err)
{
    nearest best = { 0, 0, NULL };
    for (size_t i = 0; i < token->right_count; i++) {
        size_t agreed = 0;
        if (token->rights[i].denies) {
            continue;
        }
        const char *member = exceeds_as_allow(&rights->rules[index], &token->rights[i], &agreed);
        if (!member) {
            return SVMS_OK;
        }
        note(&best, agreed, i, member);
    }
    if (!best.member) {
        return svms_fail(err, SVMS_E_POLICY,
                         "rights[%zu].effect is allow, and the old token allows nothing", index);
    }
    if (best.agreed == 0) {
        return svms_fail(err, SVMS_E_POLICY,
                         "rights[%zu].%s cannot be shown to lie within one right of the old token",
                         index, best.member);
    }
    return svms_fail(err, SVMS_E_POLICY,
                     "rights[%zu].%s cannot be shown to be as narrow as in right %zu of the old "
                     "token",
                     index, best.member, best.other);
}

/* A deny has to be kept as it was, or wider. */
static svms_status check_deny(const svms_rights *rights, const svms_token *token, size_t index,
                              svms_error *err)
{
    nearest best = { 0, 0, NULL };
    for (size_t i = 0; i < rights->count; i++) {
        size_t agreed = 0;
        if (!rights->rules[i].denies) {
            continue;
        }
        const char *member = svms_right_exceeds(&token->rights[index], &rights->rules[i], &agreed);
        if (!member) {
            return SVMS_OK;
        }
        note(&best, agreed, i, member);
    }
    if (!best.member || best.agreed == 0) {
        return svms_fail(err, SVMS_E_POLICY,
                         "the rights leave out right %zu of the old token, whose effect is deny",
                         index);
    }
    return svms_fail(err, SVMS_E_POLICY,
                     "rights[%zu].%s cannot be shown to deny all that right %zu of the old token "
                     "denies",
                     best.other, best.member, index);
}

/* Whether an allow of the old token goes on to bring its obligations wherever it did. */
static bool is_kept(const svms_rights *rights, const svms_rule *old)
{
    for (size_t i = 0; i < rights->count; i++) {
        const svms_rule *right = &rights->rules[i];
        size_t agreed = 0;
        if (!right->denies && (old->obligations & ~right->obligations) == 0 &&
            !svms_right_exceeds(old, right, &agreed) && svms_right_needs_second(old, right)) {
            return true;
        }
    }
    return false;
}

/* Obligations are those of all rights that apply: one that is left out must not take its own away
 * from what another one goes on to allow. */
static svms_status check_obligations(const svms_rights *rights, size_t index,
                                     const svms_token *token, svms_error *err)
{
    const svms_rule *right = &rights->rules[index];
    for (size_t i = 0; i < token->right_count; i++) {
        const svms_rule *old = &token->rights[i];
        if (!old->denies && (old->obligations & ~right->obligations) != 0 &&
            svms_rights_meet(right, old) && !is_kept(rights, old)) {
            return svms_fail(
                err, SVMS_E_POLICY,
                "rights[%zu].obligations lack one of right %zu of the old token, which "
                "is left out",
                index, i);
        }
    }
    return SVMS_OK;
}

svms_status svms_rights_narrow(const svms_rights *rights, const svms_token *token, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (size_t i = 0; i < rights->count && status == SVMS_OK; i++) {
        if (!rights->rules[i].denies) {
            status = check_allow(rights, i, token, err);
        }
        if (status == SVMS_OK && !rights->rules[i].denies) {
            status = check_obligations(rights, i, token, err);
        }
    }
    for (size_t i = 0; i < token->right_count && status == SVMS_OK; i++) {
        if (token->rights[i].denies) {
            status = check_deny(rights, token, i, err);
        }
    }
    return status;
}
