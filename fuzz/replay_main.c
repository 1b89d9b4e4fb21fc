/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz harness over corpus folders without a fuzzer, as an ordinary test:
 * replay_<name> FOLDER... Fails when a folder is missing or holds no file. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The whole file in memory of exactly its size, so that a sanitizer sees each byte read too far. */
static uint8_t *read_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(size > 0 ? size : 1);
    bool complete = file && data && fread(data, 1, size, file) == size;
    if (file) {
        fclose(file);
    }
    if (complete) {
        return data;
    }
    free(data);
    return NULL;
}

static bool run_file(const char *path, size_t size)
{
    uint8_t *data = read_file(path, size);
    if (!data) {
        fprintf(stderr, "cannot read %s\n", path);
        return false;
    }
    /* Should the harness abort, this is the line that tells where. */
    printf("%s\n", path);
    fflush(stdout);
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    return true;
}

/* Number of files run, or -1 when one could not be read. */
static int run_entry(const char *folder, const char *name)
{
    char path[4096];
    struct stat info;
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= sizeof path || stat(path, &info) != 0) {
        fprintf(stderr, "cannot find %s/%s\n", folder, name);
        return -1;
    }
    if (!S_ISREG(info.st_mode)) {
        return 0;
    }
    return run_file(path, (size_t)info.st_size) ? 1 : -1;
}

static bool run_folder(const char *folder)
{
    DIR *entries = opendir(folder);
    if (!entries) {
        fprintf(stderr, "no corpus folder %s\n", folder);
        return false;
    }
    long files = 0;
    bool readable = true;
    struct dirent *entry;
    while ((entry = readdir(entries)) != NULL) {
        int run = run_entry(folder, entry->d_name);
        readable = readable && run >= 0;
        files += run > 0;
    }
    closedir(entries);
    if (files == 0) {
        fprintf(stderr, "no file in corpus folder %s\n", folder);
    }
    return readable && files > 0;
}

int main(int argc, char **argv)
{
    bool passed = argc > 1;
    for (int i = 1; i < argc; i++) {
        passed = run_folder(argv[i]) && passed;
    }
    return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
