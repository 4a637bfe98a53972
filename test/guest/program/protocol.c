/* See protocol.h. */
#define _GNU_SOURCE
#include "protocol.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void command_parse(struct command *command, const char *line)
{
	char *rest = NULL;

	memset(command, 0, sizeof(*command));
	snprintf(command->text, sizeof(command->text), "%s", line);
	for (char *word = strtok_r(command->text, " \r\n", &rest); word; word = strtok_r(NULL, " \r\n", &rest)) {
		if (strchr(word, '=') && command->option_count < MAX_WORDS)
			command->options[command->option_count++] = word;
		else if (command->count < MAX_WORDS)
			command->words[command->count++] = word;
	}
}

const char *command_word(const struct command *command, int n, const char *fallback)
{
	return n < command->count ? command->words[n] : fallback;
}

bool parse_number(const char *word, uint64_t *value)
{
	char *end = NULL;

	errno = 0;
	*value = strtoull(word, &end, 0);
	if (errno || end == word)
		return false;
	switch (*end) {
	case 'G':
		*value <<= 10;
		/* fall through */
	case 'M':
		*value <<= 10;
		/* fall through */
	case 'K':
		*value <<= 10;
		end++;
	}
	return *end == '\0';
}

uint64_t command_number(const struct command *command, int n, uint64_t fallback)
{
	uint64_t value;

	return n < command->count && parse_number(command->words[n], &value) ? value : fallback;
}

const char *command_option(const struct command *command, const char *key, const char *fallback)
{
	size_t length = strlen(key);

	for (int i = 0; i < command->option_count; i++)
		if (!strncmp(command->options[i], key, length) && command->options[i][length] == '=')
			return command->options[i] + length + 1;
	return fallback;
}

uint64_t command_option_number(const struct command *command, const char *key, uint64_t fallback)
{
	const char *word = command_option(command, key, NULL);
	uint64_t value;

	return word && parse_number(word, &value) ? value : fallback;
}

void answer_reset(struct answer *answer)
{
	answer->text[0] = '\0';
	answer->length = 0;
	answer->failed = false;
}

void answer_add(struct answer *answer, const char *key, const char *format, ...)
{
	char value[256];
	va_list arguments;
	int written;

	va_start(arguments, format);
	vsnprintf(value, sizeof(value), format, arguments);
	va_end(arguments);
	for (char *c = value; *c; c++)
		if (*c == ' ' || *c == '\n' || *c == '\r')
			*c = '_';
	written = snprintf(answer->text + answer->length, sizeof(answer->text) - answer->length, " %s=%s", key, value);
	if (written > 0 && answer->length + written < (int)sizeof(answer->text))
		answer->length += written;
	else
		answer->text[answer->length] = '\0'; /* a pair that does not fit is left out whole */
}

void answer_fail(struct answer *answer, int error, const char *op)
{
	const char *name = strerrorname_np(error);

	answer_reset(answer);
	answer->failed = true;
	answer_add(answer, "errno", "%s", name ? name : "UNKNOWN");
	answer_add(answer, "number", "%d", error);
	answer_add(answer, "op", "%s", op);
}
