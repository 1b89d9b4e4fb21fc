/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of the recorder: what they say is what is read, and what is wrong is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <recorder_settings.h>

#define PIN "00112233445566778899aabbccddeeFF00112233445566778899aabbccddeeff"
#define DISK                                                                                       \
    "{\"name\":\"disk\",\"path\":\"media\",\"recipients\":[\"police.pem\"],"                       \
    "\"certificate\":\"c.pem\",\"key\":\"k.pem\"}"
#define DOOR "{\"id\":\"door\",\"url\":\"rtsps://h/live\",\"storage\":\"disk\",\"pin\":\"" PIN "\"}"
#define WITH(storages, cameras)                                                                    \
    "{\"identity\":\"id\",\"index\":\"index\",\"storages\":[" storages "],\"cameras\":[" cameras   \
    "]}"

#define PLAYERS(form)                                                                              \
    "{\"identity\":\"id\",\"index\":\"index\",\"storages\":[" DISK "],\"cameras\":[" DOOR          \
    "],\"players\":{\"mikey\":\"" form "\"}}"

static svms_status read_text(recorder_settings *out, const char *text, svms_error *err)
{
    char path[] = "/tmp/svms-test-recorder-XXXXXX";
    int handle = mkstemp(path);
    assert_true(handle >= 0);
    assert_int_equal(write(handle, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(handle), 0);
    svms_status status = recorder_settings_read(out, path, err);
    assert_int_equal(unlink(path), 0);
    return status;
}

static void what_is_there_is_read(void **state)
{
    (void)state;
    recorder_settings self;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(read_text(&self, WITH(DISK, DOOR), &err), SVMS_OK);
    assert_int_equal(self.storage_count, 1);
    assert_string_equal(self.storages[0].recipients[0], "/tmp/police.pem");
    assert_int_equal(self.storages[0].mode, SVMS_PROTECT_STRONG);
    assert_int_equal(self.storages[0].rotate_minutes, 60);
    const recorded_camera *door = recorder_settings_camera(&self, "door");
    assert_non_null(door);
    assert_ptr_equal(door->storage, &self.storages[0]);
    assert_true(door->is_pinned);
    assert_int_equal(door->pin[1], 0x11);
    assert_int_equal(door->pin[15], 0xff);
    assert_string_equal(door->name, "door");
    assert_false(door->is_signed);
    assert_null(recorder_settings_camera(&self, "yard"));
    assert_int_equal(self.mikey, SVMS_MIKEY_ONVIF);
    recorder_settings_close(&self);
}

static void players_that_know_no_better_are_told_keys_their_way(void **state)
{
    (void)state;
    recorder_settings self;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(read_text(&self, PLAYERS("joined"), &err), SVMS_OK);
    assert_int_equal(self.mikey, SVMS_MIKEY_JOINED);
    recorder_settings_close(&self);
}

static void what_is_wrong_is_named(void **state)
{
#define CAMERA(members)                                                                            \
    WITH(DISK, "{\"id\":\"a\",\"url\":\"rtsps://h\",\"storage\":\"disk\"" members "}")
    static const struct {
        const char *text;
        const char *words;
    } cases[] = {
        { WITH("", ""), "storages is not a list of 1 to 64" },
        { WITH(DISK "," DISK, ""), "storages[1].name is there twice" },
        { WITH(DISK, DOOR "," DOOR), "cameras[1].id is there twice" },
        { WITH("{\"name\":\"../x\"}", ""), "storages[0].name is not 1 to 64 letters" },
        { WITH("{\"name\":\"x\",\"path\":\"p\",\"certificate\":\"c\",\"key\":\"k\"}", ""),
          "storages[0].recipients names nobody" },
        { CAMERA(""), "cameras[0].trust is missing, and so is pin" },
        { CAMERA(",\"pin\":\"00:11\""), "cameras[0].pin is not the 64 hexadecimal digits" },
        { CAMERA(",\"pin\":\"" PIN "0\""), "cameras[0].pin is not the 64 hexadecimal digits" },
        { CAMERA(",\"trust\":\"t\",\"user\":\"u\""), "cameras[0].user and password_file belong" },
        { CAMERA(",\"pin\":\"" PIN "\",\"crl\":\"l\""), "cameras[0].crl belongs to trust" },
        { CAMERA(",\"trust\":\"t\",\"passwort\":\"u\""), "cameras[0].passwort" },
        { CAMERA(",\"trust\":\"t\",\"edge_url\":\"http://h\""), "edge_url does not begin" },
        { WITH(DISK, "{\"id\":\"a\",\"url\":\"rtsp://h\",\"trust\":\"t\",\"storage\":\"disk\"}"),
          "cameras[0].url does not begin with rtsps://" },
        { WITH(DISK, "{\"id\":\"a\",\"url\":\"rtsps://h\",\"trust\":\"t\",\"storage\":\"b\"}"),
          "cameras[0].storage is the name of no storage" },
        { PLAYERS("sdes"), "players.mikey" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        recorder_settings self;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(read_text(&self, cases[i].text, &err), SVMS_E_MALFORMED);
        if (!strstr(err.message, cases[i].words)) {
            fail_msg("'%s' does not say '%s'", err.message, cases[i].words);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_there_is_read),
        cmocka_unit_test(players_that_know_no_better_are_told_keys_their_way),
        cmocka_unit_test(what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
