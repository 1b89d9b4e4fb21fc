/* SPDX-License-Identifier: Apache-2.0 */
/* XML of strangers: what is well formed and small becomes a tree, all else is refused by name; what
 * is written is read back as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <xml_tree.h>
#include <xml_writer.h>

static xml_tree *must_read(const char *text)
{
    xml_tree *tree = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (xml_tree_read(&tree, text, strlen(text), &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return tree;
}

static void a_document_becomes_a_tree(void **state)
{
    (void)state;
    xml_tree *tree = must_read(
        "<?xml version=\"1.0\"?>\n<s:Envelope xmlns:s=\"urn:s\" xmlns=\"urn:d\">\n"
        "<s:Body><Get a=\"1\" s:b=\"2\"> A &amp; B <!-- no --> C </Get><Get/><Other xmlns=\"\"/>"
        "</s:Body></s:Envelope>");
    const xml_node *root = xml_tree_root(tree);
    assert_string_equal(xml_space(root), "urn:s");
    assert_string_equal(xml_name(root), "Envelope");
    assert_string_equal(xml_text(root), "");
    const xml_node *body = xml_child(root, "urn:s", "Body");
    const xml_node *get = xml_child(body, "urn:d", "Get");
    assert_string_equal(xml_text(get), "A & B  C");
    assert_string_equal(xml_attribute(get, "a"), "1");
    assert_null(xml_attribute(get, "b"));
    const xml_node *second = xml_again(get);
    assert_ptr_equal(second, xml_next(get));
    assert_string_equal(xml_text(second), "");
    assert_null(xml_again(second));
    assert_string_equal(xml_space(xml_child(body, NULL, "Other")), "");
    assert_null(xml_child(xml_child(body, NULL, "None"), NULL, "Deeper"));
    assert_string_equal(xml_text(NULL), "");
    xml_tree_free(&tree);
    assert_null(tree);
}

static void what_is_no_xml_is_refused(void **state)
{
    static const struct {
        const char *text;
        svms_status status;
    } cases[] = {
        { "", SVMS_E_MALFORMED },
        { "text", SVMS_E_MALFORMED },
        { "<a>", SVMS_E_MALFORMED },
        { "<a></b>", SVMS_E_MALFORMED },
        { "<a/><b/>", SVMS_E_MALFORMED },
        { "<a b=\"1\" b=\"2\"/>", SVMS_E_MALFORMED },
        { "<p:a/>", SVMS_E_MALFORMED },
        { "<a>&unknown;</a>", SVMS_E_MALFORMED },
        { "<a>\xff</a>", SVMS_E_MALFORMED },
        { "<a>&#0;</a>", SVMS_E_MALFORMED },
        { "<!DOCTYPE a><a/>", SVMS_E_UNSUPPORTED },
        { "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", SVMS_E_UNSUPPORTED },
        { "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", SVMS_E_UNSUPPORTED },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        xml_tree *tree = NULL;
        svms_error err = SVMS_ERROR_INIT;
        svms_status status = xml_tree_read(&tree, cases[i].text, strlen(cases[i].text), &err);
        if (status != cases[i].status) {
            fail_msg("'%s': %s", cases[i].text, svms_status_name(status));
        }
        assert_null(tree);
        assert_int_equal(err.status, status);
        assert_non_null(strstr(err.message, "XML: "));
    }
}

/* A text of count times what is given, between two others. */
static svms_status read_many(const char *before, const char *one, size_t count, const char *behind)
{
    size_t size = strlen(before) + count * strlen(one) + strlen(behind);
    char *text = malloc(size + 1);
    xml_tree *tree = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_non_null(text);
    char *at = stpcpy(text, before);
    for (size_t i = 0; i < count; i++) {
        at = stpcpy(at, one);
    }
    (void)stpcpy(at, behind);
    svms_status status = xml_tree_read(&tree, text, size, &err);
    free(text);
    xml_tree_free(&tree);
    return status;
}

static void too_much_of_anything_is_refused(void **state)
{
    (void)state;
    assert_int_equal(read_many("<a>", "<b/>", XML_NODES_MAX - 1, "</a>"), SVMS_OK);
    assert_int_equal(read_many("<a>", "<b/>", XML_NODES_MAX, "</a>"), SVMS_E_LIMIT);
    assert_int_equal(read_many("", "<b>", XML_DEPTH_MAX + 1, ""), SVMS_E_LIMIT);
    assert_int_equal(read_many("<a>", "x", XML_BYTES_MAX - 7, "</a>"), SVMS_OK);
    assert_int_equal(read_many("<a>", "x", XML_BYTES_MAX - 6, "</a>"), SVMS_E_LIMIT);
    assert_int_equal(
        read_many("<a>", "<b c=\"\" d=\"\" e=\"\" f=\"\"/>", XML_ATTRIBUTES_MAX / 4, "</a>"),
        SVMS_OK);
    assert_int_equal(
        read_many("<a>", "<b c=\"\" d=\"\" e=\"\" f=\"\"/>", XML_ATTRIBUTES_MAX / 4 + 1, "</a>"),
        SVMS_E_LIMIT);
    /* What expat calls an attack is no document, either. */
    assert_int_equal(read_many("<a ", "b=\"", 1000, "/>"), SVMS_E_MALFORMED);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    xml_writer writer = XML_WRITER_INIT;
    xml_open(&writer, "a");
    xml_put_attribute(&writer, "b", "<\"&'>\n\t");
    xml_leaf(&writer, "text", "<x>&amp;\"' \r\n\x01 \xc3\xa4");
    xml_leaf_number(&writer, "number", INT64_MIN);
    xml_leaf_flag(&writer, "flag", true);
    xml_leaf_real(&writer, "real", -0.25);
    xml_leaf_time(&writer, "time", INT64_C(1800000000123999999));
    xml_leaf_time(&writer, "before", INT64_C(-1));
    xml_open(&writer, "empty");
    xml_shut(&writer);
    xml_put_raw(&writer, "<raw/>");
    xml_shut(&writer);
    assert_false(writer.has_failed);
    assert_int_equal(writer.depth, 0);
    assert_int_equal(writer.size, strlen(writer.bytes));
    xml_tree *tree = must_read(writer.bytes);
    const xml_node *root = xml_tree_root(tree);
    assert_string_equal(xml_attribute(root, "b"), "<\"&'>\n\t");
    assert_string_equal(xml_text(xml_child(root, "", "text")), "<x>&amp;\"' \r\n \xc3\xa4");
    assert_string_equal(xml_text(xml_child(root, "", "number")), "-9223372036854775808");
    assert_string_equal(xml_text(xml_child(root, "", "flag")), "true");
    assert_string_equal(xml_text(xml_child(root, "", "real")), "-0.250000");
    assert_string_equal(xml_text(xml_child(root, "", "time")), "2027-01-15T08:00:00.123Z");
    assert_string_equal(xml_text(xml_child(root, "", "before")), "1969-12-31T23:59:59.999Z");
    assert_non_null(xml_child(root, "", "empty"));
    assert_non_null(xml_child(root, "", "raw"));
    xml_tree_free(&tree);
    xml_writer_clear(&writer);
}

static void a_writer_that_is_misused_says_so(void **state)
{
    (void)state;
    xml_writer writer = XML_WRITER_INIT;
    xml_shut(&writer);
    assert_true(writer.has_failed);
    xml_writer_clear(&writer);
    xml_put_attribute(&writer, "a", "b");
    assert_true(writer.has_failed);
    xml_writer_clear(&writer);
    for (unsigned i = 0; i <= XML_WRITER_DEPTH; i++) {
        xml_open(&writer, "a");
    }
    assert_true(writer.has_failed);
    xml_writer_clear(&writer);
    assert_null(writer.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_becomes_a_tree),
        cmocka_unit_test(what_is_no_xml_is_refused),
        cmocka_unit_test(too_much_of_anything_is_refused),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(a_writer_that_is_misused_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
