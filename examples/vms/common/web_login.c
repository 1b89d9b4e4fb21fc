/* SPDX-License-Identifier: Apache-2.0 */
#include "web_login.h"

#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "web_text.h"

#define TEXT_MAX (WEB_NAME_MAX + 1 + WEB_PASSWORD_MAX)

/* What is behind the name of a scheme, or NULL: it is another one. */
static const char *behind(const char *field, const char *scheme)
{
    size_t size = strlen(scheme);
    if (!field || strncasecmp(field, scheme, size) != 0 || field[size] != ' ') {
        return NULL;
    }
    field += size;
    return field + strspn(field, " ");
}

static int value_of(char byte)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *place = byte ? strchr(letters, byte) : NULL;
    return place ? (int)(place - letters) : -1;
}

/* Complete and padded; out has room for three bytes of each four. */
static bool decode(const char *text, size_t size, unsigned char *out, size_t *out_size)
{
    size_t padding = size > 0 && text[size - 1] == '=' ? (text[size - 2] == '=' ? 2 : 1) : 0;
    size_t length = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < size - padding; i++) {
        int value = value_of(text[i]);
        if (value < 0) {
            return false;
        }
        bits = bits << 6 | (unsigned)value;
        if (i % 4 != 0) {
            out[length++] = (unsigned char)(bits >> (6 - i % 4 * 2) & 0xff);
        }
    }
    *out_size = length;
    /* Bits that say nothing are zeros, so that nothing is written in two ways. */
    return (bits & (padding == 2 ? 15u : padding == 1 ? 3u : 0)) == 0;
}

static bool split(web_basic *out, const char *text, size_t size)
{
    const char *colon = memchr(text, ':', size);
    size_t name_size = colon ? (size_t)(colon - text) : 0;
    size_t password_size = colon ? size - name_size - 1 : 0;
    if (name_size == 0 || name_size > WEB_NAME_MAX || password_size == 0 ||
        password_size > WEB_PASSWORD_MAX || !web_is_text(text, size)) {
        return false;
    }
    memcpy(out->name, text, name_size);
    memcpy(out->password, colon + 1, password_size);
    return true;
}

bool web_basic_parse(web_basic *out, const char *field)
{
    const char *coded = behind(field, "Basic");
    unsigned char text[TEXT_MAX + 3];
    size_t size = 0;
    memset(out, 0, sizeof *out);
    size_t coded_size = coded ? strlen(coded) : 0;
    if (coded_size == 0 || coded_size % 4 != 0 || coded_size / 4 * 3 > sizeof text) {
        return false;
    }
    bool good = decode(coded, coded_size, text, &size) && split(out, (const char *)text, size);
    OPENSSL_cleanse(text, sizeof text);
    return good;
}

void web_basic_wipe(web_basic *basic)
{
    OPENSSL_cleanse(basic, sizeof *basic);
}

const char *web_bearer_of(const char *field, size_t *size)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
    const char *token = behind(field, "Bearer");
    *size = token ? strlen(token) : 0;
    return *size > 0 && strspn(token, letters) == *size ? token : NULL;
}
