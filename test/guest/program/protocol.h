/*
 * One line of the control port: how a command is taken apart and how its answer is put together.
 *
 *   host:  ID [@WORKER] VERB ARGUMENT... KEY=VALUE...
 *   guest: ID ok KEY=VALUE...
 *   guest: ID error errno=NAME number=N op=WHAT ...
 *
 * Values hold no spaces. Numbers are decimal or 0x-hexadecimal on the way in; sizes may end in K, M or G.
 */
#ifndef BARKEEP_PROTOCOL_H
#define BARKEEP_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

#define LINE_MAX_BYTES 1024
#define MAX_WORDS 24

struct command {
	char text[LINE_MAX_BYTES];  /* owns the words */
	char *words[MAX_WORDS];     /* positional: words[0] is the verb */
	int count;
	char *options[MAX_WORDS];   /* KEY=VALUE */
	int option_count;
};

struct answer {
	char text[LINE_MAX_BYTES];
	int length;
	bool failed;
};

void command_parse(struct command *command, const char *line);
/* Positional argument N (1 is the first after the verb), or the fallback. */
const char *command_word(const struct command *command, int n, const char *fallback);
uint64_t command_number(const struct command *command, int n, uint64_t fallback);
const char *command_option(const struct command *command, const char *key, const char *fallback);
uint64_t command_option_number(const struct command *command, const char *key, uint64_t fallback);
bool parse_number(const char *word, uint64_t *value);

void answer_reset(struct answer *answer);
void answer_add(struct answer *answer, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Turns the answer into an error; error is an errno value, op says what was being done. */
void answer_fail(struct answer *answer, int error, const char *op);

#endif
