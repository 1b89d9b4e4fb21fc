/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of an exporter who signs what is not so. */
#include "proof_bench.h"

#include "context_internal.h"
#include "link.h"

/* Signs a proof anew whose last directory's entry of the frame at place has another digest; so an
 * exporter who lies would do it. Sizes stay. */
static void sign_anew(bench *self, size_t place)
{
    export_case *made = self->made;
    memory_file *out = &made->out;
    seen_package *seen = calloc(1, sizeof(*seen));
    uint8_t digest[32];
    svms_link_view view;
    svms_chain *chain = NULL;
    svms_builder again = svms_builder_new(made->fix->ctx, SVMS_LINK_LARGEST + 64);
    size_t at = SVMS_PACKAGE_HEADER_SIZE;
    size_t n = 0;
    size_t size = 0;
    for (;;) {
        svms_frame frame;
        assert_int_equal(
            svms_frame_parse(&frame, SVMS_EXPORT_PROOF, false, out->data + at, at, NULL), SVMS_OK);
        size = (size_t)svms_frame_size(&frame);
        if (frame.kind == SVMS_FRAME_DIRECTORY) {
            break;
        }
        if (n == place) {
            sha256_of(out->data + at, size, digest);
        }
        n++;
        at += size;
    }
    memcpy(out->data + at + SVMS_FRAME_HEADER_SIZE + SVMS_DIRECTORY_FIXED_SIZE +
               place * SVMS_DIRECTORY_ENTRY_SIZE + 48,
           digest, 32);
    size_t link = at + size;
    size_t link_size = 0;
    assert_int_equal(svms_link_peek(out->data + link, link, &link_size, NULL), SVMS_OK);
    assert_int_equal(
        svms_link_parse(&view, &chain, made->fix->ctx, out->data + link, link_size, link, NULL),
        SVMS_OK);
    sha256_of(out->data + at, size, view.object.directory_hash);
    svms_export_signer signer = SVMS_EXPORT_SIGNER_INIT;
    signer.key = made->key;
    signer.chain = made->exporter;
    assert_int_equal(svms_link_sign(&again, made->fix->ctx, &view.object, &signer, digest, NULL),
                     SVMS_OK);
    out->size = link;
    svms_sink sink = memory_sink(out);
    svms_iovec run = { again.data, again.size };
    int os_error = 0;
    assert_int_equal(sink.write(sink.user, &run, 1, &os_error), SVMS_OK);
    svms_builder_clear(&again);
    svms_chain_free(&chain);
    free(seen);
}

/* Whatever an exporter lies about leaves, secrets and manifests, nobody is deceived. */
static void a_lie_of_the_exporter_is_never_authentic(void **state)
{
    for (size_t p = 0; p < 3; p++) {
        bench self;
        recipe how = recipe_of(p);
        how.segments = 1;
        how.frames = 2;
        how.sample_size = 40;
        make_bench(&self, state, &how, 0);
        memory_file honest = memory_copy(&self.made->out);
        size_t at = SVMS_PACKAGE_HEADER_SIZE;
        size_t place = 0;
        svms_frame frame;
        for (;; place++) {
            assert_int_equal(
                svms_frame_parse(&frame, SVMS_EXPORT_PROOF, false, honest.data + at, at, NULL),
                SVMS_OK);
            if (frame.kind == SVMS_FRAME_LEAVES) {
                break;
            }
            at += (size_t)svms_frame_size(&frame);
        }
        for (size_t i = SVMS_FRAME_HEADER_SIZE; i < svms_frame_size(&frame); i++) {
            memory_file_clear(&self.made->out);
            self.made->out = memory_copy(&honest);
            self.made->out.data[at + i] ^= 1;
            sign_anew(&self, place);
            svms_status status = check_bench(&self);
            if (status == SVMS_OK || status == SVMS_E_INCOMPLETE) {
                fail_msg("protection %zu, byte %zu of the frame (A %u, B %llu)", p, i, frame.a_size,
                         (unsigned long long)frame.b_size);
            }
        }
        memory_file_clear(&self.made->out);
        self.made->out = memory_copy(&honest);
        sign_anew(&self, place);
        assert_int_equal(check_bench(&self), SVMS_OK);
        memory_file_clear(&honest);
        close_bench(&self);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lie_of_the_exporter_is_never_authentic),
    };
    return cmocka_run_group_tests(tests, export_case_setup, export_case_teardown);
}
