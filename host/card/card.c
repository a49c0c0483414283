/* SPDX-License-Identifier: Apache-2.0 */
#include "card/card.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "card/bench.h"

#define EXIT_USAGE      2 /* the command line is wrong */
#define EXIT_CARD       3 /* the card could not be opened, or did not do it */

#define OPERATION_LEAST 20u /* milliseconds */

static const char usage[] =
    "usage: sluice card [--json] [--timeout MS] [--operation-ms MS] COMMAND [URI]\n"
    "\n"
    "URI: soft:, sim:SOCKET or pci:DDDD:BB:DD.F. Opening a card resets it, so that it must not be in use.\n"
    "\n"
    "  list [URI]...    engines that could be opened, cards on PCI and what they lack\n"
    "  bind ADDRESS     gives the card at a PCI address to vfio-pci; for root, as is\n"
    "  unbind ADDRESS   takes it away from vfio-pci again\n"
    "  info URI         what it is, its firmware and its health\n"
    "  selftest URI     known answers again, in every lane that has nothing to do\n"
    "  log URI          its event log\n"
    "  stats URI        its counters\n"
    "  bench URI        how fast it is\n"
    "  reset URI        resets it and waits until it is ready\n"
    "  zeroise URI      overwrites every key\n"
    "\n"
    "  --clear          log: empty it\n"
    "  --json           the answer as JSON\n"
    "  --timeout MS     give a card up that does not answer for so long; default 30000\n"
    "  --operation-ms MS\n"
    "                   bench: give a card up that takes so long for one operation, 20 at least; default 30000\n"
    "  --sysfs DIR      list, bind, unbind: where sysfs is; default /sys\n"
    "  --dev DIR        list: where device nodes are; default /dev\n"
    "  --help           this text\n"
    "\n"
    "bench:\n"
    "  --suites S,...   CIPHER-MAC[-BITS]-FORM: null, des, des3, aes128, aes192, aes256; none, md5, sha1, sha256;\n"
    "                   etm, mte, tls_etm, tls_mte, tls10; default aes128-sha256-128-etm,aes128-sha1-mte\n"
    "  --sizes N,...    bytes of content, 0 to 16384; default 64,512,1400,16384\n"
    "  --operations O,...\n"
    "                   seal, open; default both\n"
    "  --queues N       queue pairs, a thread each, 1 to 64; default 1\n"
    "  --depth N        operations in flight of each, 1 to 4096; default 64\n"
    "  --seconds S      of each row; default 1\n"
    "  --spin           polls without pause instead of waiting for interrupts\n"
    "\n"
    "Status: 0 done and well, 1 the self-test failed, the card is not well or operations failed, 2 usage, 3 no answer.\n";

static const struct command {
    const char *name;
    int (*run)(struct sluice_card *card, json_t **result);
} commands[] = {
    {"info", card_show_info},   {"selftest", card_show_selftest}, {"log", card_show_log},
    {"stats", card_show_stats}, {"reset", card_do_reset},         {"zeroise", card_do_zeroise},
};

struct arguments {
    struct sluice_options options;
    struct sluice_pci_places places;
    struct bench_plan bench;
    bool json, clear, benches; /* benches: an option of bench was given */
};

static void output(const json_t *result, bool json)
{
    if (json) {
        json_dumpf(result, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        card_print(result);
    }
}

static int complain(const char *uri, const char *command, int err)
{
    fprintf(stderr, "sluice: %s: %s: %s\n", uri, command, strerror(-err));
    return EXIT_CARD;
}

static int run(const struct command *command, const char *uri, const struct arguments *args)
{
    struct sluice_card_event dropped[SLUICE_LOG_MOST];
    struct sluice_card *card;
    json_t *result = NULL;
    int err = sluice_open(uri, &args->options, &card), status;

    if (err)
        return complain(uri, "open", err);
    status = command->run(card, &result);
    if (status >= 0 && args->clear)
        (void)sluice_card_log(card, dropped, SLUICE_LOG_MOST, true);
    sluice_close(card);
    if (status < 0)
        return complain(uri, command->name, status);
    output(result, args->json);
    json_decref(result);
    return status;
}

static int wrong(const char *what, const char *text)
{
    fprintf(stderr, "sluice: card: %s%s\n%s", what, text, usage);
    return EXIT_USAGE;
}

static int list(char **uris, const struct arguments *args)
{
    json_t *result = NULL;
    int err;

    if (args->clear)
        return wrong("--clear goes with log alone", "");
    err = card_list(uris, &args->places, &result);
    if (err)
        return complain("list", args->places.sysfs ? args->places.sysfs : "/sys", err);
    if (args->json)
        output(result, true);
    else
        card_print_list(result);
    json_decref(result);
    return EXIT_SUCCESS;
}

/* What the errors of the two below mean to whoever types the command. */
static const char *why_not_bound(int err)
{
    switch (err) {
    case -ENODEV:
        return "there is no card at this address; sluice card list shows those that there are";
    case -ENOENT:
        return "the kernel has not loaded vfio-pci: modprobe vfio-pci";
    case -EACCES:
    case -EPERM:
        return "only root may do this";
    case -EIO:
        return "vfio-pci did not take it; the kernel's log says why";
    default:
        return strerror(-err);
    }
}

static int change_driver(char **argv, const struct arguments *args)
{
    bool bind = !strcmp(argv[0], "bind");
    const char *address = argv[1];
    json_t *result;
    int err;

    if (!address || argv[2] || args->clear)
        return wrong(argv[0], ": one PCI address, DDDD:BB:DD.F");
    if (strncmp(address, "pci:", 4) == 0)
        address += 4;
    err = bind ? sluice_pci_bind(&args->places, address) : sluice_pci_unbind(&args->places, address);
    if (err) {
        fprintf(stderr, "sluice: %s: %s: %s\n", address, argv[0], why_not_bound(err));
        return EXIT_CARD;
    }
    result = json_pack("{s:s, s:s}", "done", argv[0], "address", address);
    output(result, args->json);
    json_decref(result);
    return EXIT_SUCCESS;
}

static int bench(char **argv, struct arguments *args)
{
    struct sluice_card *card;
    json_t *result = NULL;
    int status;

    if (!argv[1] || argv[2] || args->clear)
        return wrong("bench", argv[1] ? ": one URI, and options of its own" : ": the card's URI is missing");
    args->options.dma_bytes = bench_memory(&args->bench);
    if (!args->options.dma_bytes)
        return wrong("bench", ": so many operations of this size take more than 4 GiB");
    status = sluice_open(argv[1], &args->options, &card);
    if (status)
        return complain(argv[1], "open", status);
    status = bench_card(card, argv[1], &args->bench, isatty(STDERR_FILENO), &result);
    sluice_close(card);
    if (status == -ERANGE)
        return wrong("bench", ": the card has fewer queue pairs, or less depth; sluice card info tells");
    if (status < 0)
        return complain(argv[1], "bench", status);
    if (args->json)
        output(result, true);
    else
        bench_print(result);
    json_decref(result);
    return status;
}

static int dispatch(char **argv, struct arguments *args)
{
    if (!argv[0])
        return wrong("a command is missing", "");
    if (!strcmp(argv[0], "bench"))
        return bench(argv, args);
    if (args->benches)
        return wrong(argv[0], ": this option goes with bench alone");
    if (!strcmp(argv[0], "list"))
        return list(argv + 1, args);
    if (!strcmp(argv[0], "bind") || !strcmp(argv[0], "unbind"))
        return change_driver(argv, args);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(argv[0], commands[i].name) != 0)
            continue;
        if (!argv[1] || argv[2])
            return wrong(argv[0], argv[1] ? ": one URI" : ": the card's URI is missing");
        if (args->clear && strcmp(argv[0], "log") != 0)
            return wrong("--clear goes with log alone", "");
        return run(&commands[i], argv[1], args);
    }
    return wrong("unknown command ", argv[0]);
}

static bool milliseconds(const char *text, unsigned *value)
{
    char *end;
    unsigned long parsed = strtoul(text, &end, 10);

    *value = (unsigned)parsed;
    return *text >= '0' && *text <= '9' && !*end && parsed && parsed <= 3600000;
}

int card_command(int argc, char **argv)
{
    static const struct option longs[] = {{"json", no_argument, NULL, 'j'},
                                          {"clear", no_argument, NULL, 'c'},
                                          {"timeout", required_argument, NULL, 't'},
                                          {"operation-ms", required_argument, NULL, 'o'},
                                          {"sysfs", required_argument, NULL, 's'},
                                          {"dev", required_argument, NULL, 'd'},
                                          {"suites", required_argument, NULL, 'b'},
                                          {"sizes", required_argument, NULL, 'b'},
                                          {"operations", required_argument, NULL, 'b'},
                                          {"queues", required_argument, NULL, 'b'},
                                          {"depth", required_argument, NULL, 'b'},
                                          {"seconds", required_argument, NULL, 'b'},
                                          {"spin", no_argument, NULL, 'b'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    struct arguments args = {0};
    int option, which = 0;

    bench_defaults(&args.bench);
    /* getopt wants a program's name before the arguments: the sub-command's is there. */
    optind = 1;
    opterr = 0;
    while ((option = getopt_long(argc + 1, argv - 1, "", longs, &which)) != -1) {
        switch (option) {
        case 'j':
            args.json = true;
            break;
        case 'c':
            args.clear = true;
            break;
        case 't':
            if (!milliseconds(optarg, &args.options.timeout_ms))
                return wrong("--timeout: not 1 to 3600000: ", optarg);
            break;
        case 'o':
            if (!milliseconds(optarg, &args.options.operation_ms) || args.options.operation_ms < OPERATION_LEAST)
                return wrong("--operation-ms: not 20 to 3600000: ", optarg);
            break;
        case 'b':
            args.benches = true;
            if (bench_set(&args.bench, longs[which].name, optarg))
                return wrong("wrong value of --", longs[which].name);
            break;
        case 's':
            args.places.sysfs = optarg;
            break;
        case 'd':
            args.places.dev = optarg;
            break;
        case 'h':
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        default:
            return wrong("unknown option, or one without its value", "");
        }
    }
    return dispatch(argv - 1 + optind, &args);
}
