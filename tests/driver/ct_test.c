/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The software engine's open takes the same way whatever is wrong: a child is single-stepped through it, and the addresses of the
 * instructions that it executes, those in libcrypto too, are compared for every place of a fault in padding and MAC.
 */
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"
#include "reference.h"

#define CONTENT    90u
#define MOST_STEPS 400000u
/* After the verdict, which is public, refusing and accepting differ: they may by this many instructions at the end. */
#define TAIL_STEPS 140u

struct shared {
    volatile int done; /* the operation has ended */
};

struct trace {
    uint64_t *at;
    size_t steps;
};

/* One kind of record; all have the same length. */
struct fault {
    uint32_t content, padding; /* their sum is the same for all */
    int bad_padding, bad_mac;
};

static struct sluice_sa_config config;

static uint32_t build(const struct fault *f, uint8_t *record)
{
    static uint8_t content[512];
    struct reference r = {.config = &config, .content = content, .content_len = f->content, .padding = f->padding};

    r.type = reference_tls(&config) ? 0x17 : 0x97;
    r.bad_padding = f->bad_padding;
    r.bad_mac = f->bad_mac;
    reference_nonce(&config, 7, r.nonce);
    return reference_record(&r, record);
}

/* The child: opens the record once to warm up, then once more to be watched. */
static _Noreturn void be_watched(struct shared *shared, const struct fault *f)
{
    static uint8_t record[REFERENCE_ROOM];
    struct sluice_op op = {.type = SLUICE_OP_TYPE_OPEN};
    struct kit kit;

    if (kit_open(&kit, "soft:")) {
        _exit(1);
    }
    op.sa = kit_sa(&kit, &config);
    op.src_len = build(f, record);
    reference_nonce(&config, 7, op.nonce); /* TLS 1.0 has its IV from there */
    op.src = kit.src;
    op.dst = kit.dst;
    op.dst_len = KIT_ROOM;
    memcpy(kit.src, record, op.src_len);
    (void)kit_run(&kit, &op);
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    (void)sluice_qp_submit(kit.qp, &op, 1);
    shared->done = 1;
    _exit(0);
}

static bool watch(pid_t pid, const struct shared *shared, struct trace *t)
{
    int status;

    t->steps = 0;
    if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) {
        return false;
    }
    while (!shared->done && t->steps < MOST_STEPS) {
        if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) {
            return false;
        }
        t->at[t->steps++] = (uint64_t)ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user_regs_struct, rip), NULL);
    }
    return shared->done;
}

static bool trace(const struct fault *f, struct trace *t)
{
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pid;
    bool good;

    shared->done = 0;
    pid = fork();
    if (pid == 0) {
        be_watched(shared, f);
    }
    good = pid > 0 && watch(pid, shared, t);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    munmap(shared, sizeof *shared);
    return good;
}

static size_t same_steps(const struct trace *a, const struct trace *b)
{
    size_t n = 0;

    while (n < a->steps && n < b->steps && a->at[n] == b->at[n]) {
        n++;
    }
    return n;
}

/* 3DES is stepped through for three of the faults: it has ten times the instructions. */
static void faults_of(struct trace *first, struct trace *other)
{
    struct fault right = {
        .content = CONTENT, .padding = reference_padding(&config, CONTENT, 2), .bad_padding = NO_FAULT, .bad_mac = NO_FAULT};
    struct fault wrong = right;
    bool good;
    size_t same;

    wrong.bad_mac = 0;
    if (!trace(&wrong, first)) {
        tap_ok(true, "%s # SKIP a child cannot be single-stepped here", kit_name(&config));
        return;
    }
    good = true;
    for (unsigned i = 0; i < 10 && good; i += config.cipher == SLUICE_CIPHER_DES3 ? 4 : 1) {
        struct fault f = right;

        f.content = CONTENT - 16 * (i % 5);
        f.padding = right.padding + 16 * (i % 5);
        f.bad_padding = i < 5 ? (int)(i * f.padding / 4) : NO_FAULT;
        f.bad_mac = i < 5 ? NO_FAULT : (int)tap_below(config.mac_len);
        good = trace(&f, other) && other->steps == first->steps && same_steps(first, other) == first->steps;
        if (!good) {
            tap_note("content %u, bad padding %d, bad MAC byte %d: differs after %zu of %zu instructions", f.content,
                     f.bad_padding, f.bad_mac, same_steps(first, other), first->steps);
        }
    }
    tap_ok(good, "every fault in padding or MAC takes the same %zu instructions: %s", first->steps, kit_name(&config));
    good = trace(&right, other);
    same = same_steps(first, other);
    tap_ok(good && same + TAIL_STEPS > other->steps,
           "and a right record the same until its verdict, %zu instructions from the end: %s", other->steps - same,
           kit_name(&config));
}

int main(void)
{
    static const struct {
        enum sluice_cipher cipher;
        enum sluice_mac mac;
        enum sluice_form form;
        unsigned mac_len;
    } kinds[] = {
        {SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_MTE, 20},
        {SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, 20},
        {SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, 20},
        {SLUICE_CIPHER_AES256, SLUICE_MAC_SHA1, SLUICE_FORM_TLS_MTE, 20},
        {SLUICE_CIPHER_AES256, SLUICE_MAC_SHA256, SLUICE_FORM_TLS_ETM, 32},
        {SLUICE_CIPHER_AES128, SLUICE_MAC_MD5, SLUICE_FORM_TLS10, 16},
        {SLUICE_CIPHER_DES3, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, 20},
    };
    struct trace first = {0}, other = {0};

    tap_begin();
#ifndef __x86_64__
    tap_skip_all("the program counter's place is known for x86-64 alone");
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    tap_skip_all("sanitizers take ways of their own");
#endif
    first.at = calloc(MOST_STEPS, sizeof *first.at);
    other.at = calloc(MOST_STEPS, sizeof *other.at);
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds && first.at && other.at; i++) {
        config = kit_config(kinds[i].cipher, kinds[i].mac, kinds[i].form, SLUICE_DIRECTION_OPEN, kinds[i].mac_len);
        faults_of(&first, &other);
    }
    free(first.at);
    free(other.at);
    return tap_end();
}
