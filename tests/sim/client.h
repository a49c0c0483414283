/* SPDX-License-Identifier: Apache-2.0 */
/* A vfio-user client for tests: sends any message, right or wrong, and takes the answer. Starts and ends the server under test.
 */
#ifndef SIM_TEST_CLIENT_H
#define SIM_TEST_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "vfu_msg.h"

struct sim {
    pid_t pid;
    char path[64];
    char errors[64]; /* file with its standard error */
};

/*
 * Starts `program --socket ... extra`, the program named from the test's own folder; ends the test when it does not listen within
 * 30 s.
 */
#define SIM_FAKE "sluice-sim-fake"
#define SIM_CARD "../../sim/sluice-sim"
void sim_start(struct sim *s, const char *program, const char *const *extra);
/* Sends SIGTERM; returns the exit status, or 128 + signal. */
int sim_stop(struct sim *s);
/* Waits for it to end by itself. */
int sim_wait(struct sim *s);
/* CPU seconds that it has used. */
double sim_cpu(const struct sim *s);
/* Does its standard error hold `text`? */
bool sim_said(const struct sim *s, const char *text);

int client_connect(const struct sim *s);
/* Connects and negotiates. */
int client_open(const struct sim *s);

/* Sends a message as it is, with fds. */
void client_send_raw(int fd, const void *bytes, size_t len, const int *fds, unsigned nfds);
void client_send(int fd, uint16_t command, uint32_t flags, const void *body, size_t len, const int *fds, unsigned nfds);
/* Takes a message; header and up to `room` bytes of body. Body length, or -1 when the server hung up or said nothing for 20 s. */
ssize_t client_take(int fd, struct vfu_header *h, void *body, size_t room);
/*
 * A command and its reply, of which up to `room` bytes are kept. 0, the errno of an error reply, or -1. DMA requests of the
 * server that come in between are served from client_memory.
 */
int client_call(int fd, uint16_t command, const void *body, size_t len, const int *fds, unsigned nfds, void *reply, size_t room);
/* Length of the last reply's body. */
extern size_t client_reply_len;

/* Memory served by messages, from DMA address client_memory_at on. */
#define CLIENT_MEMORY_BYTES 65536u
extern uint8_t client_memory[CLIENT_MEMORY_BYTES];
extern uint64_t client_memory_at;
extern bool client_refuses;                  /* answers DMA requests with an error */
extern unsigned client_reads, client_writes; /* DMA requests that came */
/* Serves DMA requests until none has come for `ms`. */
void client_serve(int fd, int ms);

int client_map(int fd, uint64_t address, uint64_t size, uint32_t flags, int memory, uint64_t offset);
int client_unmap(int fd, uint64_t address, uint64_t size, uint32_t flags);
int client_read(int fd, uint32_t region, uint64_t offset, void *to, uint32_t count);
int client_write(int fd, uint32_t region, uint64_t offset, const void *from, uint32_t count);
uint32_t client_read32(int fd, uint32_t region, uint64_t offset);
void client_write32(int fd, uint32_t region, uint64_t offset, uint32_t value);
int client_set_irqs(int fd, uint32_t flags, uint32_t index, uint32_t start, uint32_t count, const int *fds, unsigned nfds);

/* TAP. */
void tap_plan(unsigned n);
bool tap_ok(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));
int tap_done(void);

#endif
