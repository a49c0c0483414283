/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vfio-user server with the least of a card behind it, in a thread of the test, that misbehaves as it is told. It does records
 * no justice: seal copies src to dst, everything else does nothing.
 *
 * A managed one has SAs. A record is the SA's connection id (8 bytes), the counter (8 bytes, little endian) and the content. seal
 * makes one; open gives the content, `auth_failed` when the connection id is another's, and `replayed` when the counter is below
 * the SA's first or not above all before it. Operations end some time after they were submitted. SAs are exported and imported,
 * by the rules of rtl/README.md.
 */
#ifndef TESTS_DRIVER_FAKE_CARD_H
#define TESTS_DRIVER_FAKE_CARD_H

#include <stdbool.h>
#include <stdint.h>

enum fault {
    FAULT_NONE,
    /* Answers to any message. */
    FAULT_HANG_UP,
    FAULT_SILENT,
    FAULT_SHORT_HEADER,
    FAULT_SIZE_HUGE,
    FAULT_SIZE_TINY,
    FAULT_WRONG_ID,
    FAULT_WRONG_COMMAND,
    FAULT_NOT_A_REPLY,
    FAULT_ERROR,
    FAULT_ERROR_ZERO,
    FAULT_CUT_BODY,
    FAULT_GARBAGE,
    FAULTS_OF_REPLY, /* how many of them */
    /* What it says of itself. */
    FAULT_VERSION_MAJOR = FAULTS_OF_REPLY,
    FAULT_VERSION_JSON,
    FAULT_VERSION_NO_NUL,
    FAULT_VERSION_FDS,
    FAULT_NOT_PCI,
    FAULT_SMALL_BAR,
    FAULT_NO_MSIX,
    FAULT_MAGIC,
    FAULT_MAJOR,
    FAULT_NEVER_READY,
    FAULT_FATAL,
    FAULT_NO_QUEUES,
    FAULT_DEPTH,
    FAULT_IDENTIFY,
    FAULT_ADMIN_SILENT,
    FAULT_ADMIN_COOKIE,
    FAULTS_OF_OPEN, /* up to here a card must fail to open */
    /* On the data path. */
    FAULT_IO_SILENT = FAULTS_OF_OPEN,
    FAULT_IO_COOKIE_HUGE,
    FAULT_IO_COOKIE_TWICE,
    FAULT_IO_STATUS,
    FAULT_IO_LENGTH,
    FAULT_IO_LOST, /* the entries of two operations out of three cannot be read */
};

struct fake_card;

/* Listens at a path of its own and serves one client. `at_message`: the message, counted from 0, at which a fault of a reply
 * happens. Ends the program when it cannot. */
struct fake_card *fake_card_start(enum fault fault, unsigned at_message);
struct fake_card *fake_card_managed(unsigned slots);
/* From now on no command and no ping is answered, until a reset. told: FW_STATE says so. */
void fake_card_hang(struct fake_card *fake, bool told);
/* The next so many submission doorbells and interrupts of I/O queue pairs come to nothing, until a reset if there is one. */
void fake_card_lose(struct fake_card *fake, unsigned doorbells, unsigned interrupts);
/* No submission doorbell of theirs comes to anything, whatever happens. */
void fake_card_deaf(struct fake_card *fake);
/* It was reset by somebody else: its admin queue is off and no doorbell comes to anything, until the driver starts it. */
void fake_card_forget(struct fake_card *fake);
/* The next `count` exports and imports answer `status`. */
void fake_card_refuse(struct fake_card *fake, unsigned count, unsigned status);
/* Exports that are left to virtual id 0 before it is used up; at first 65,535, as to every other. */
void fake_card_use_up(struct fake_card *fake, unsigned left);
struct fake_seen {
    unsigned exports, imports, resets, creates, pings, zeroised;
    unsigned wrong;    /* what a driver must never do: an export with operations in flight, an id twice, ... */
    int last_exported; /* virtual id, or -1 */
};
struct fake_seen fake_card_seen(struct fake_card *fake);
/* "sim:PATH" */
const char *fake_card_uri(const struct fake_card *fake);
/* Hangs up on the client, as a killed process does. */
void fake_card_kill(struct fake_card *fake);
/* Waits for the end of the client, and frees. */
void fake_card_stop(struct fake_card *fake);

#endif
