/* SPDX-License-Identifier: Apache-2.0 */
/* What players would parse as part of a film where only texts are to be, or in another order. */
#include "film_maker.h"

/* 'udta' with one box in it, in front of another box. */
static void insert_texts(bytes *film, const char *before, unsigned n, const void *content,
                         size_t size)
{
    bytes texts = { { 0 }, 0, { 0 }, 0, false };
    begin(&texts, "udta");
    put(&texts, content, size);
    end(&texts);
    insert(film, find(film, before, n), texts.data, texts.size);
}

/* {"meta" {"hdlr", "ilst" {item {"data"}}}} as taggers write it. */
static void make_list(bytes *to, const char *item, uint32_t kind, uint32_t locale)
{
    memset(to, 0, sizeof(*to));
    begin(to, "meta");
    put_u32(to, 0);
    begin(to, "hdlr");
    put_zeros(to, 8);
    put(to, "mdir", 4);
    put_zeros(to, 13);
    end(to);
    begin(to, "ilst");
    begin(to, item);
    begin(to, "data");
    put_u32(to, kind);
    put_u32(to, locale);
    put(to, "words", 5);
    end(to);
    end(to);
    end(to);
    end(to);
}

static svms_status walk_with_texts(const bytes *texts, const char *before, svms_error *err)
{
    bytes film;
    size_t samples = 0;
    make_film(&film);
    insert_texts(&film, before, 0, texts->data, texts->size);
    return walk(&film, err, &samples);
}

static void texts_are_let_pass(void **state)
{
    static const char *const items[] = { "\xA9nam", "\xA9too", "\251\071zZ" };
    (void)state;
    bytes list;
    svms_error err;
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        make_list(&list, items[i], 1, 0);
        assert_int_equal(walk_with_texts(&list, "trak", &err), SVMS_END);
        assert_int_equal(walk_with_texts(&list, "mdia", &err), SVMS_E_MALFORMED);
        assert_non_null(strstr(err.message, "'udta' in 'trak'"));
    }
    list.size = find(&list, "ilst", 0);
    set_u32(list.data, (uint32_t)list.size);
    assert_int_equal(walk_with_texts(&list, "trak", &err), SVMS_END);
}

/* Players parse what they know in 'udta' as parts of the film. */
static void other_things_than_texts_are_refused(void **state)
{
    static const char *const types[] = {
        "trak", "moov", "iloc", "ID32", "name", "free", "\xA9too"
    };
    static const struct {
        const char *item;
        uint32_t kind;
        uint32_t locale;
        const char *words;
    } items[] = { { "covr", 13, 0, "known" },
                  { "elst", 1, 0, "known" },
                  { "tkhd", 1, 0, "known" },
                  { "----", 1, 0, "known" },
                  { "\xA9"
                    "a b",
                    1, 0, "known" },
                  { "\xA9nam", 13, 0, "else than words" },
                  { "\xA9nam", 21, 0, "else than words" },
                  { "\xA9nam", 1, 1, "else than words" } };
    (void)state;
    bytes list;
    svms_error err;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        make_list(&list, "\xA9nam", 1, 0);
        begin(&list, types[i]);
        end(&list);
        assert_int_equal(walk_with_texts(&list, "trak", &err), SVMS_E_MALFORMED);
        assert_non_null(strstr(err.message, "no plain film"));
    }
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        make_list(&list, items[i].item, items[i].kind, items[i].locale);
        assert_int_equal(walk_with_texts(&list, "trak", &err), SVMS_E_MALFORMED);
        assert_non_null(strstr(err.message, items[i].words));
    }
    memset(&list, 0, sizeof(list));
    assert_int_equal(walk_with_texts(&list, "trak", &err), SVMS_E_MALFORMED);
    assert_non_null(strstr(err.message, "no box 'meta'"));
    put(&list, "text", 4);
    assert_int_equal(walk_with_texts(&list, "trak", &err), SVMS_E_MALFORMED);
}

/* Players search 'meta' for the handler, and go on with whatever is behind. */
static void a_list_of_texts_begins_with_its_handler(void **state)
{
    static const struct {
        const char *type;
        uint32_t place; /* behind the header */
        uint32_t value;
        const char *words;
    } cases[] = { { "meta", 0, 1, "begin with its handler" },
                  { "hdlr", 0, 1, "handler of texts" },
                  { "hdlr", 4, 1, "handler of texts" },
                  { "hdlr", 8, 0x736F756E, "handler of texts" } };
    static const struct {
        const char *before;
        const char *box;
    } more[] = { { "hdlr", "free" }, { "ilst", "free" }, { "ilst", "trak" }, { "ilst", "hdlr" } };
    (void)state;
    bytes list;
    svms_error err;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        make_list(&list, "\xA9nam", 1, 0);
        set_u32(list.data + find(&list, cases[i].type, 0) + 8 + cases[i].place, cases[i].value);
        assert_int_equal(walk_with_texts(&list, "trak", &err), SVMS_E_MALFORMED);
        assert_non_null(strstr(err.message, cases[i].words));
    }
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        uint8_t box[8] = { 0, 0, 0, 8 };
        memcpy(box + 4, more[i].box, 4);
        make_list(&list, "\xA9nam", 1, 0);
        size_t at = find(&list, more[i].before, 0);
        memmove(list.data + at + 8, list.data + at, list.size - at);
        memcpy(list.data + at, box, sizeof(box));
        list.size += sizeof(box);
        set_u32(list.data, (uint32_t)list.size);
        assert_int_equal(walk_with_texts(&list, "trak", &err), SVMS_E_MALFORMED);
    }
    make_list(&list, "\xA9nam", 1, 0);
    size_t handler = find(&list, "hdlr", 0);
    size_t size = get_u32(list.data + handler);
    uint8_t copy[64];
    memcpy(copy, list.data + handler, size);
    memmove(list.data + handler, list.data + handler + size, list.size - handler - size);
    memcpy(list.data + list.size - size, copy, size);
    assert_int_equal(walk_with_texts(&list, "trak", &err), SVMS_E_MALFORMED);
    assert_non_null(strstr(err.message, "begin with its handler"));
}

/* To the end of the box it lies in. */
static void move_behind(bytes *in, const char *type, unsigned n, const char *holder)
{
    uint8_t copy[ROOM];
    size_t from = find(in, type, n);
    size_t size = get_u32(in->data + from);
    size_t around = find(in, holder, n);
    size_t stop = around + get_u32(in->data + around);
    memcpy(copy, in->data + from, size);
    memmove(in->data + from, in->data + from + size, stop - from - size);
    memcpy(in->data + stop - size, copy, size);
}

static void what_others_depend_on_comes_first(void **state)
{
    static const struct {
        const char *type;
        const char *holder;
    } cases[] = { { "mvhd", "moov" }, { "tkhd", "trak" }, { "mdhd", "mdia" },
                  { "hdlr", "mdia" }, { "stsd", "stbl" }, { "mvhd", "moov" } };
    (void)state;
    bytes film;
    svms_error err;
    size_t samples = 0;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        make_film(&film);
        move_behind(&film, cases[i].type, 0, cases[i].holder);
        assert_int_equal(walk(&film, &err, &samples), SVMS_E_MALFORMED);
        assert_non_null(strstr(err.message, cases[i].type));
    }
    make_film(&film);
    insert(&film, 0, "\0\0\0\10free", 8);
    assert_int_equal(walk(&film, &err, &samples), SVMS_E_MALFORMED);
    assert_non_null(strstr(err.message, "first box"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_let_pass),
        cmocka_unit_test(other_things_than_texts_are_refused),
        cmocka_unit_test(a_list_of_texts_begins_with_its_handler),
        cmocka_unit_test(what_others_depend_on_comes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
