/* SPDX-License-Identifier: Apache-2.0 */
/* Lets somebody log in: login ACCOUNT KEY NAME ADDRESS
 * Each line of standard input is a password. Where there is no file ACCOUNT yet, the first one is
 * that of a new account. Ends with the first login that is good. KEY is a file of 32 bytes. */
#include <stdio.h>
#include <string.h>

#include <svms/svms.h>

typedef struct doorkeeper {
    svms_ctx *ctx;
    svms_login_limiter *limiter;
    svms_session_book *sessions;
    svms_account *account;
    const char *path;
} doorkeeper;

static size_t load(char *out, size_t room, const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(out, 1, room, file) : 0;
    if (file) {
        fclose(file);
    }
    return size;
}

/* A real server does this in its database, and where two could do it at once, under a lock. */
static svms_status store(const doorkeeper *at, svms_error *err)
{
    char text[SVMS_ACCOUNT_TEXT_MAX];
    size_t size = sizeof text;
    svms_status status = svms_account_write(at->account, text, &size, err);
    FILE *file = status == SVMS_OK ? fopen(at->path, "wb") : NULL;
    if (file) {
        size_t written = fwrite(text, 1, size, file);
        status = fclose(file) == 0 && written == size ? SVMS_OK : SVMS_E_IO;
    }
    return file ? status : SVMS_E_IO;
}

static svms_status open_account(doorkeeper *at, const char *name, const uint8_t *key,
                                svms_error *err)
{
    char text[SVMS_ACCOUNT_TEXT_MAX];
    size_t size = load(text, sizeof text, at->path);
    return size > 0 ? svms_account_read(&at->account, at->ctx, name, key, text, size, err)
                    : svms_account_new(&at->account, at->ctx, name, key, err);
}

static svms_status set_password(doorkeeper *at, const char *password, svms_error *err)
{
    svms_password_change change = SVMS_PASSWORD_CHANGE_INIT;
    uint32_t findings = 0;
    change.password = password;
    change.size = strlen(password);
    svms_status status = svms_account_set_password(at->account, &change, &findings, err);
    return status == SVMS_OK ? store(at, err) : status;
}

/* The record gets the verdict; the peer hears the same word whatever was wrong. */
static svms_status attempt(svms_login_answer *answer, doorkeeper *at, svms_login *login,
                           svms_error *err)
{
    static const char *const words[] = { "wrong", "wait", "a code, please", "change your password",
                                         "welcome" };
    char session[SVMS_SESSION_TEXT_SIZE];
    svms_login_result result = SVMS_LOGIN_RESULT_INIT;
    login->limiter = at->limiter;
    svms_status status = svms_account_login(at->account, at->ctx, login, &result, err);
    if (status == SVMS_OK && result.account_changed) {
        status = store(at, err); /* before the login counts: a used code must stay used */
    }
    if (status == SVMS_OK && result.answer == SVMS_LOGIN_SAY_WELCOME) {
        status = svms_session_begin(at->sessions, login->name, result.methods, session, err);
        /* the session goes to the peer, in a cookie that only TLS carries */
    }
    if (status == SVMS_OK) {
        printf("record: %s from %s: %s | peer: %s\n", login->name, login->address,
               svms_login_verdict_name(result.verdict), words[result.answer]);
        *answer = result.answer;
    }
    return status;
}

static svms_status let_in(svms_login_answer *answer, doorkeeper *at, char **arguments,
                          svms_error *err)
{
    char line[1026];
    svms_account_info info = SVMS_ACCOUNT_INFO_INIT;
    svms_login login = SVMS_LOGIN_INIT;
    svms_status status = svms_account_describe(at->account, &info, err);
    while (status == SVMS_OK && *answer != SVMS_LOGIN_SAY_WELCOME &&
           fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (!info.has_password) {
            status = set_password(at, line, err);
            info.has_password = 1;
            continue;
        }
        login.name = arguments[3];
        login.address = arguments[4];
        login.password = line;
        login.password_size = strlen(line);
        status = attempt(answer, at, &login, err);
    }
    memset(line, 0, sizeof line);
    return status;
}

int main(int count, char **arguments)
{
    doorkeeper at = { NULL, NULL, NULL, NULL, NULL };
    svms_login_answer answer = SVMS_LOGIN_SAY_WRONG;
    svms_error err = SVMS_ERROR_INIT;
    char key[SVMS_ACCOUNT_KEY_SIZE];
    if (count != 5 || load(key, sizeof key, arguments[2]) != sizeof key) {
        fprintf(stderr, "usage: login ACCOUNT KEY NAME ADDRESS < PASSWORDS\n");
        return 2;
    }
    at.path = arguments[1];
    svms_status status = svms_ctx_new(&at.ctx, NULL, &err);
    if (status == SVMS_OK) {
        status = svms_login_limiter_new(&at.limiter, at.ctx, NULL, &err);
    }
    if (status == SVMS_OK) {
        status = svms_session_book_new(&at.sessions, at.ctx, NULL, &err);
    }
    if (status == SVMS_OK) {
        status = open_account(&at, arguments[3], (const uint8_t *)key, &err);
    }
    if (status == SVMS_OK) {
        status = let_in(&answer, &at, arguments, &err);
    }
    if (status != SVMS_OK) {
        fprintf(stderr, "login: %s\n", err.message);
    }
    memset(key, 0, sizeof key);
    svms_account_free(&at.account);
    svms_session_book_free(&at.sessions);
    svms_login_limiter_free(&at.limiter);
    svms_ctx_free(&at.ctx);
    return status == SVMS_OK && answer == SVMS_LOGIN_SAY_WELCOME ? 0 : 1;
}
