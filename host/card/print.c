/* SPDX-License-Identifier: Apache-2.0 */
#include "card/card.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NAME_WIDTH   18
#define MOST_COLUMNS 8

static void text_of(const json_t *value, char *text, size_t room)
{
    if (json_is_string(value))
        snprintf(text, room, "%s", json_string_value(value));
    else
        snprintf(text, room, "%lld", (long long)json_integer_value(value));
}

static void print_line(const char *name, const json_t *value)
{
    char text[256];

    text_of(value, text, sizeof text);
    printf("%-*s %s\n", NAME_WIDTH, name, text);
}

static int wider(int width, const char *text)
{
    int len = (int)strlen(text);

    return len > width ? len : width;
}

/* A column is as wide as its widest entry; rows have the same members in the same order. */
static void measure(const json_t *rows, int width[MOST_COLUMNS])
{
    const char *name;
    const json_t *row;
    json_t *value;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        unsigned k = 0;

        json_object_foreach((json_t *)row, name, value)
        {
            char text[256];

            text_of(value, text, sizeof text);
            width[k % MOST_COLUMNS] = wider(wider(width[k % MOST_COLUMNS], text), name);
            k++;
        }
    }
}

static void print_row(const json_t *row, const int width[MOST_COLUMNS], bool names)
{
    size_t left = json_object_size(row);
    const char *name;
    json_t *value;
    unsigned k = 0;

    json_object_foreach((json_t *)row, name, value)
    {
        char text[256];

        text_of(value, text, sizeof text);
        left--;
        printf("%-*s%s", left ? width[k % MOST_COLUMNS] : 0, names ? name : text, left ? "  " : "\n");
        k++;
    }
}

static void print_table(const json_t *rows)
{
    int width[MOST_COLUMNS] = {0};

    measure(rows, width);
    print_row(json_array_get(rows, 0), width, true);
    for (size_t i = 0; i < json_array_size(rows); i++)
        print_row(json_array_get(rows, i), width, false);
}

static void print_words(const char *name, const json_t *words)
{
    printf("%-*s", NAME_WIDTH, name);
    for (size_t i = 0; i < json_array_size(words); i++)
        printf(" %s", json_string_value(json_array_get(words, i)));
    putchar('\n');
}

static void print_counts(const char *name, const json_t *counts)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)counts, key, value)
    {
        printf("%-*s %lld %s\n", NAME_WIDTH, name, (long long)json_integer_value(value), key);
    }
}

void card_print(const json_t *object)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        if (json_is_object(value))
            print_counts(name, value);
        else if (!json_is_array(value))
            print_line(name, value);
        else if (json_is_object(json_array_get(value, 0)))
            print_table(value);
        else if (json_array_size(value))
            print_words(name, value);
    }
}
