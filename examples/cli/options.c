/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/time.h>

#include "file.h"
#include "message.h"

#define MAX_OPTIONS 64
#define NS_PER_SECOND 1e9

typedef struct parse_state {
    const command_line *line;
    void *request;
    int count;
    char **arguments;
    int next;
    bool many; /* operands */
    bool seen[MAX_OPTIONS];
} parse_state;

exit_status usage_error(const char *command, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    complain("%s: %s (see 'svms %s --help')", command, text, command);
    return EXIT_USAGE;
}

static void print_help(const command_line *line)
{
    printf("Usage: svms %s %s\n\n%s\n\nOptions:\n", line->name, line->synopsis, line->summary);
    for (size_t i = 0; i < line->option_count; i++) {
        const option_spec *option = &line->options[i];
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", option->name, option->placeholder ? " " : "",
                 option->placeholder ? option->placeholder : "");
        printf("  %-26s  %s\n", left, option->help);
    }
    printf("  %-26s  %s\n", "--help", "print this and exit");
    printf("\nThe manual page svms(1) says more.\n");
}

static void *field_of(void *request, size_t offset)
{
    return (char *)request + offset;
}

static const option_spec *find_option(const command_line *line, const char *name, size_t size)
{
    for (size_t i = 0; i < line->option_count; i++) {
        const option_spec *option = &line->options[i];
        if (strlen(option->name) == size && memcmp(option->name, name, size) == 0) {
            return option;
        }
    }
    return NULL;
}

static bool take_choice(const command_line *line, const option_spec *option, int *target,
                        const char *value)
{
    char known[128] = "";
    for (const option_choice *choice = option->choices; choice->name; choice++) {
        if (strcmp(choice->name, value) == 0) {
            *target = choice->value;
            return true;
        }
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "", choice->name);
    }
    usage_error(line->name, "--%s is one of: %s", option->name, known);
    return false;
}

static bool take_number(const command_line *line, const option_spec *option, void *target,
                        const char *value)
{
    char *end = NULL;
    double number = strtod(value, &end);
    bool decimal = strspn(value, "0123456789.") == strlen(value) && value[0] != '\0';
    bool whole = option->kind == OPTION_SECONDS || !strchr(value, '.');
    if (!decimal || !whole || *end != '\0' || number < option->minimum ||
        number > option->maximum) {
        usage_error(line->name, "--%s is a number from %g to %g, not '%s'", option->name,
                    option->minimum, option->maximum, value);
        return false;
    }
    if (option->kind == OPTION_SECONDS) {
        *(uint64_t *)target = (uint64_t)(number * NS_PER_SECOND + 0.5);
    } else {
        *(uint32_t *)target = (uint32_t)number;
    }
    return true;
}

static bool take_time(const command_line *line, const option_spec *option, int64_t *target,
                      const char *value)
{
    svms_error err = SVMS_ERROR_INIT;
    if (svms_time_parse(target, value, &err) == SVMS_OK) {
        return true;
    }
    usage_error(line->name, "--%s '%s': %s; a time looks like 2026-11-21T10:00:00Z", option->name,
                value, err.message);
    return false;
}

static bool take_value(parse_state *state, const option_spec *option, const char *value)
{
    bool *seen = &state->seen[option - state->line->options];
    if (*seen && option->kind != OPTION_LIST) {
        usage_error(state->line->name, "--%s is given twice", option->name);
        return false;
    }
    *seen = true;
    void *target = field_of(state->request, option->field);
    text_list *list = target;
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)target = true;
        return true;
    case OPTION_TEXT:
        *(const char **)target = value;
        return true;
    case OPTION_LIST:
        if (list->count == MAX_LIST_ITEMS) {
            usage_error(state->line->name, "--%s is given more than %d times", option->name,
                        MAX_LIST_ITEMS);
            return false;
        }
        list->places[list->count] = (size_t)state->next;
        list->items[list->count++] = value;
        return true;
    case OPTION_CHOICE:
        return take_choice(state->line, option, target, value);
    case OPTION_COUNT:
    case OPTION_SECONDS:
        return take_number(state->line, option, target, value);
    case OPTION_TIME:
        break;
    }
    return take_time(state->line, option, target, value);
}

static bool take_option(parse_state *state, const char *argument)
{
    const command_line *line = state->line;
    const char *name = argument + 2;
    const char *equals = strchr(name, '=');
    size_t size = equals ? (size_t)(equals - name) : strlen(name);
    const option_spec *option = find_option(line, name, size);
    if (!option) {
        usage_error(line->name, "unknown option --%.*s", (int)size, name);
        return false;
    }
    if (option->kind == OPTION_FLAG) {
        if (!equals) {
            return take_value(state, option, NULL);
        }
        usage_error(line->name, "--%s takes no value", option->name);
        return false;
    }
    if (equals) {
        return take_value(state, option, equals + 1);
    }
    if (state->next == state->count) {
        usage_error(line->name, "--%s needs a value: %s", option->name, option->placeholder);
        return false;
    }
    return take_value(state, option, state->arguments[state->next++]);
}

static bool take_operand(const parse_state *state, char *argument)
{
    const char **operand = field_of(state->request, state->line->operand_field);
    if (state->many) {
        operand_list *operands = field_of(state->request, state->line->operand_field);
        operands->items[operands->count++] = argument;
        return true;
    }
    if (!state->line->operand_name) {
        usage_error(state->line->name, "nothing is expected but options: '%s'", argument);
        return false;
    }
    if (*operand) {
        usage_error(state->line->name, "only one %s is expected: '%s'", state->line->operand_name,
                    argument);
        return false;
    }
    *operand = argument;
    return true;
}

static parse_result parse(parse_state *state)
{
    const command_line *line = state->line;
    bool only_operands = false;
    while (state->next < state->count) {
        char *argument = state->arguments[state->next++];
        if (only_operands || argument[0] != '-' || argument[1] == '\0') {
            if (!take_operand(state, argument)) {
                return PARSE_WRONG;
            }
        } else if (strcmp(argument, "--") == 0) {
            only_operands = true;
        } else if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
            print_help(line);
            return PARSE_HELP;
        } else if (argument[1] != '-') {
            usage_error(line->name, "unknown option %s", argument);
            return PARSE_WRONG;
        } else if (!take_option(state, argument)) {
            return PARSE_WRONG;
        }
    }
    return PARSE_READY;
}

static parse_result require_operand(const command_line *line, parse_result parsed, bool present)
{
    if (parsed == PARSE_READY && !present && line->operand_name) {
        usage_error(line->name, "%s is missing", line->operand_name);
        return PARSE_WRONG;
    }
    return parsed;
}

parse_result options_parse(const command_line *line, void *request, int count, char **arguments)
{
    parse_state state = { line, request, count, arguments, 0, false, { false } };
    const char *const *operand = field_of(request, line->operand_field);
    parse_result parsed = parse(&state);
    return require_operand(line, parsed, line->operand_name && *operand);
}

parse_result options_parse_many(const command_line *line, void *request, int count,
                                char **arguments)
{
    parse_state state = { line, request, count, arguments, 0, true, { false } };
    operand_list *operands = field_of(request, line->operand_field);
    operands->items = arguments;
    operands->count = 0;
    parse_result parsed = parse(&state);
    return require_operand(line, parsed, operands->count > 0);
}

exit_status parse_exit(parse_result result)
{
    return result == PARSE_HELP ? EXIT_GOOD : EXIT_USAGE;
}

static const void *value_of(const typed_inputs *typed, size_t offset)
{
    return (const char *)typed->request + offset;
}

static bool names_a_file(const option_spec *option)
{
    static const char *const placeholders[] = { "FILE", "PEM", "CA", "CERT", "KEY", "KEYS" };
    bool found = false;
    for (size_t i = 0; option->placeholder && i < sizeof placeholders / sizeof *placeholders; i++) {
        found = found || strcmp(option->placeholder, placeholders[i]) == 0;
    }
    return found && strcmp(option->name, "out") != 0;
}

static exit_status check_option(const typed_inputs *typed, const option_spec *option,
                                const char *output)
{
    exit_status status = EXIT_GOOD;
    if (!names_a_file(option)) {
        return EXIT_GOOD;
    }
    if (option->kind == OPTION_LIST) {
        const text_list *list = value_of(typed, option->field);
        for (size_t i = 0; i < list->count && status == EXIT_GOOD; i++) {
            status = file_check_not_input(output, list->items[i]);
        }
        return status;
    }
    const char *const *text = value_of(typed, option->field);
    return *text && *text != output ? file_check_not_input(output, *text) : EXIT_GOOD;
}

static exit_status check_operands(const typed_inputs *typed, const char *output)
{
    const char *const *one = value_of(typed, typed->line->operand_field);
    const operand_list *many = value_of(typed, typed->line->operand_field);
    exit_status status = EXIT_GOOD;
    if (!typed->line->operand_name) {
        return EXIT_GOOD;
    }
    if (!typed->many) {
        return file_check_not_input(output, *one);
    }
    for (size_t i = 0; i < many->count && status == EXIT_GOOD; i++) {
        status = file_check_not_input(output, many->items[i]);
    }
    return status;
}

exit_status options_check_not_input(const typed_inputs *typed, const char *output)
{
    exit_status status = check_operands(typed, output);
    for (size_t i = 0; i < typed->line->option_count && status == EXIT_GOOD; i++) {
        status = check_option(typed, &typed->line->options[i], output);
    }
    return status;
}

exit_status options_check_output(const typed_inputs *typed, const char *output, bool replace)
{
    exit_status status = options_check_not_input(typed, output);
    return status == EXIT_GOOD ? file_check_output(output, replace) : status;
}
