/* SPDX-License-Identifier: Apache-2.0 */
/* svms audit: who did what, in a log that nobody can rewrite without being found out. */

#include "audit_command.h"
#include "command.h"
#include "subcommand.h"

static const subcommand subcommands[] = {
    { "create", command_audit_create, "make a log" },
    { "key", command_audit_key, "show the key with which others verify a log" },
    { "append", command_audit_append, "append records" },
    { "serve", command_audit_serve, "hold a log, and append what other processes send" },
    { "tail", command_audit_tail, "show the newest records, and those that come" },
    { "query", command_audit_query, "find records" },
    { "verify", command_audit_verify, "verify a whole log" },
    { "prove", command_audit_prove, "write a proof of one record" },
    { "verify-proof", command_audit_verify_proof, "verify such a proof, without the log" },
    { "export", command_audit_export, "write records as JSON lines, CSV or syslog lines" },
    { "forward", command_audit_forward, "send records to a syslog receiver over TLS" },
    { "prune", command_audit_prune, "remove records that are old" },
    { "hold", command_audit_hold, "keep records from being pruned" },
    { "stamp", command_audit_stamp, "have a third party attest when records existed" },
    { "checkpoint", command_audit_checkpoint, "show the newest checkpoint, cosigned by witnesses" },
    { "witness", command_audit_witness, "confirm to others that logs only grow" },
    { "schema", command_audit_schema, "print the JSON Schema of records" },
};

exit_status command_audit(int count, char **arguments)
{
    return subcommand_run("audit", subcommands, sizeof subcommands / sizeof subcommands[0], count,
                          arguments);
}
