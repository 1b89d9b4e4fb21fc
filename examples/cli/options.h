/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines described by tables: long options only, never abbreviated, so that a script
 * that works today means the same tomorrow. */
#ifndef SVMS_CLI_OPTIONS_H
#define SVMS_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exit_status.h"

#define MAX_LIST_ITEMS 63

typedef struct text_list {
    const char *items[MAX_LIST_ITEMS];
    size_t places[MAX_LIST_ITEMS]; /* of each among the arguments: which option came before which */
    size_t count;
} text_list;

/* What stands on the command line beside options. */
typedef struct operand_list {
    char **items;
    size_t count;
} operand_list;

typedef struct option_choice {
    const char *name; /* NULL ends a list of choices */
    int value;
} option_choice;

typedef enum option_kind {
    OPTION_FLAG,    /* bool */
    OPTION_TEXT,    /* const char * */
    OPTION_LIST,    /* text_list; the option may be repeated */
    OPTION_CHOICE,  /* int, one of choices */
    OPTION_COUNT,   /* uint32_t, minimum to maximum */
    OPTION_SECONDS, /* uint64_t nanoseconds; typed in seconds, with decimals, minimum to maximum */
    OPTION_TIME     /* int64_t UTC nanoseconds; typed as RFC 3339 */
} option_kind;

typedef struct option_spec {
    const char *name;        /* without its two dashes */
    const char *placeholder; /* what stands for the value in the help; NULL for a flag */
    const char *help;
    option_kind kind;
    size_t field; /* offset in the request, of the type that the kind says */
    const option_choice *choices;
    double minimum;
    double maximum;
} option_spec;

/* A request is a struct of the command's own; fields whose options are absent keep their value. */
typedef struct command_line {
    const char *name;     /* "record" */
    const char *synopsis; /* "INPUT --out FILE [options]" */
    const char *summary;
    const option_spec *options;
    size_t option_count;
    const char *operand_name; /* "INPUT"; NULL: there is none */
    size_t operand_field;     /* offset in the request of a const char *, NULL at first; of an
                                 operand_list for options_parse_many() */
} command_line;

typedef enum parse_result {
    PARSE_READY, /* go on */
    PARSE_HELP,  /* help was asked for and printed: exit with EXIT_GOOD */
    PARSE_WRONG  /* complained: exit with EXIT_USAGE */
} parse_result;

/* Reads what follows the command's name. */
parse_result options_parse(const command_line *line, void *request, int count, char **arguments);
/* The same with one operand or more, which are moved to the front of the arguments. */
parse_result options_parse_many(const command_line *line, void *request, int count,
                                char **arguments);

/* The status to exit with after a result other than PARSE_READY. */
exit_status parse_exit(parse_result result);

/* What a command reads: its operands, and the options whose placeholder is a kind of file. */
typedef struct typed_inputs {
    const command_line *line;
    const void *request; /* that was parsed by it; must outlive this */
    bool many;           /* by options_parse_many() */
} typed_inputs;

/* Refuses to write where something is read (EXIT_USAGE). The output's own option is no input. */
exit_status options_check_not_input(const typed_inputs *typed, const char *output);
/* The same, also when it may be replaced; otherwise file_check_output(). */
exit_status options_check_output(const typed_inputs *typed, const char *output, bool replace);

/* Complains about a command line that options_parse() could not know to be wrong. */
exit_status usage_error(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
