/* SPDX-License-Identifier: Apache-2.0 */
/* sluice: the tool. Its first argument names what it does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card/card.h"
#include "client/run.h"
#include "stat/stat.h"

#define EXIT_USAGE 2

static const char usage[] = "usage: sluice COMMAND [OPTION]...\n"
                            "\n"
                            "  client       local SOCKS5 and forwards, through a proxy by secure UDP; see sluice client --help\n"
                            "  card         what a card says of itself, self-test, reset; see sluice card --help\n"
                            "  stat         what a proxy or a client on this computer does; see sluice stat --help\n"
                            "\n"
                            "  --help       this text\n"
                            "  --version    version\n";

int main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";
    if (!strcmp(command, "client"))
        return client_command(argc - 2, argv + 2);
    if (!strcmp(command, "card"))
        return card_command(argc - 2, argv + 2);
    if (!strcmp(command, "stat"))
        return stat_command(argc - 2, argv + 2);
    if (!strcmp(command, "--help") || !strcmp(command, "--version")) {
        fputs(command[2] == 'h' ? usage : "sluice 0.1\n", stdout);
        return EXIT_SUCCESS;
    }
    fputs(usage, stderr);
    return EXIT_USAGE;
}
