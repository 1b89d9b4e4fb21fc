/* SPDX-License-Identifier: Apache-2.0 */
// What an application in C++ sees of an installed libsvms: owns handles with unique_ptr, has its
// own clock, and reads a source in memory.
#include <svms/svms.h>

#include <cstring>
#include <iostream>
#include <memory>

namespace
{

struct context_deleter {
    void operator()(svms_ctx *ctx) const
    {
        svms_ctx_free(&ctx);
    }
};

using context = std::unique_ptr<svms_ctx, context_deleter>;

std::int64_t stopped_clock(void *)
{
    return 0;
}

bool reads_memory(svms_ctx *ctx)
{
    const char text[] = "evidence";
    svms_source source = SVMS_SOURCE_INIT;
    if (svms_source_from_memory(&source, ctx, text, sizeof text, nullptr) != SVMS_OK)
        return false;
    char copy[sizeof text] = {};
    std::size_t got = 0;
    int os_error = 0;
    bool same = source.read_at(source.user, 0, copy, sizeof copy, &got, &os_error) == SVMS_OK &&
                got == sizeof copy && std::memcmp(copy, text, sizeof text) == 0;
    svms_source_close(&source);
    return same;
}

bool formats_time()
{
    char text[SVMS_TIME_TEXT_SIZE];
    svms_time_format(0, text);
    return std::strcmp(text, "1970-01-01T00:00:00.000Z") == 0;
}

bool refuses_damaged_text(svms_ctx *ctx)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_chain *chain = nullptr;
    svms_status status = svms_chain_from_pem(&chain, ctx, "no certificate", 14, &err);
    return status == SVMS_E_MALFORMED && svms_status_class(status) == SVMS_CLASS_MALFORMED &&
           chain == nullptr && err.message[0] != '\0';
}

} // namespace

int main()
{
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.utc_now = stopped_clock;
    svms_ctx *raw = nullptr;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_ctx_new(&raw, &options, &err) != SVMS_OK) {
        std::cerr << err.message << '\n';
        return 1;
    }
    context ctx(raw);
    bool works = reads_memory(ctx.get()) && formats_time() && refuses_damaged_text(ctx.get());
    std::cout << (works ? "C++: works" : "C++: failed") << '\n';
    return works ? 0 : 1;
}
