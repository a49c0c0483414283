/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A card behind VFIO that is refused, that is busy when it goes, and that comes back; run in the virtual machine by
 * tests/vm/guest. Usage: vfio_test ADDRESS PART. Parts:
 * - refusals: what sluice_open says of a card that it cannot have
 * - memory: DMA memory in huge pages
 * - reset: by sluice_card_reset, while busy
 * - unbind, remove: the driver is taken away, or the function, while busy, by sysfs
 * - error: the root port reports a fatal error, while busy
 * - pull: the card is pulled out of its slot and put back, while busy
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kit.h"

#define THREADS      2u
#define DEPTH        32u
#define ROOM         2048u
#define CONTENT      1400u
#define BUSY_MS      400
#define PATIENCE_S   60
#define NOBODY       65534u
#define PATH_BYTES   128
#define VFIO_DRIVER  "/sys/bus/pci/drivers/vfio-pci"
#define LITTLE_BYTES 65536u

static const char *address;
static char uri[64];

/* ---------------------------------------------------------------- the machine */

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0) {
        close(fd);
    }
    return good;
}

static bool write_device(const char *name, const char *text)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/%s", address, name);
    return write_file(path, text);
}

static bool bind_driver(void)
{
    return write_device("driver_override", "vfio-pci") && write_file("/sys/bus/pci/drivers_probe", address);
}

static bool present(void)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "/sys/bus/pci/devices/%s", address);
    return access(path, F_OK) == 0;
}

static bool wait_until(bool (*what)(void), bool value)
{
    for (unsigned i = 0; i < PATIENCE_S * 10 && what() != value; i++) {
        poll(NULL, 0, 100);
    }
    return what() == value;
}

static int group_number(void)
{
    char path[PATH_BYTES], target[PATH_BYTES];
    const char *last;
    ssize_t n;

    snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/iommu_group", address);
    n = readlink(path, target, sizeof target - 1);
    target[n < 0 ? 0 : n] = '\0';
    last = strrchr(target, '/');
    return last ? (int)strtol(last + 1, NULL, 10) : -1;
}

/* ---------------------------------------------------------------- load */

struct load {
    struct sluice_card *card;
    struct sluice_qp *qp;
    struct sluice_sa *sa;
    uint8_t *memory;
    uint64_t given, taken, ok, aborted, wrong;
    bool ended; /* by -ENODEV */
    atomic_bool stop;
};

static int begin(struct load *l, struct sluice_card *card)
{
    struct sluice_sa_config c =
        kit_config(SLUICE_CIPHER_AES256, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL, 16);
    int err = sluice_qp_create(card, DEPTH, &l->qp);

    err = err ? err : sluice_sa_create(card, &c, &l->sa);
    l->card = card;
    l->memory = sluice_mem_alloc(card, DEPTH * ROOM);
    return err ? err : l->memory ? 0 : -ENOMEM;
}

static void end(struct load *l)
{
    sluice_sa_destroy(l->sa);
    sluice_qp_destroy(l->qp);
    sluice_mem_free(l->card, l->memory);
}

/* As many as there is room for, each in place in a piece of memory that no other in flight has. */
static void give(struct load *l)
{
    for (int n = 1; n > 0;) {
        struct sluice_op op = {.type = SLUICE_OP_TYPE_SEAL, .sa = l->sa, .src_len = CONTENT, .dst_len = ROOM, .cookie = l->given};

        op.src = op.dst = l->memory + l->given % DEPTH * ROOM;
        n = sluice_qp_submit(l->qp, &op, 1);
        l->given += n == 1;
    }
}

static int take(struct load *l)
{
    struct sluice_done done[DEPTH];
    int n = sluice_qp_poll(l->qp, done, DEPTH);

    for (int i = 0; i < n; i++) {
        l->wrong += done[i].cookie != l->taken++;
        l->ok += done[i].status == SLUICE_STATUS_OK;
        l->aborted += done[i].status == SLUICE_STATUS_ABORTED;
        l->wrong += done[i].status != SLUICE_STATUS_OK && done[i].status != SLUICE_STATUS_ABORTED;
    }
    return n;
}

/* Until it is told to stop and everything has been completed, or the card is gone. */
static void *carry(void *arg)
{
    struct load *l = arg;
    struct pollfd fd = {.fd = sluice_qp_fd(l->qp), .events = POLLIN};
    int n = 0;

    while (n >= 0 && !(atomic_load(&l->stop) && l->taken == l->given)) {
        if (!atomic_load(&l->stop)) {
            give(l);
        }
        n = take(l);
        if (n == 0 && sluice_qp_arm(l->qp) == 0) {
            (void)poll(&fd, 1, 1000);
        }
    }
    l->ended = n == -ENODEV;
    return NULL;
}

static bool ends(pthread_t thread)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    return pthread_timedjoin_np(thread, NULL, &until) == 0;
}

struct busy {
    struct sluice_card *card;
    struct load load[THREADS];
    pthread_t thread[THREADS];
};

static bool begin_busy(struct busy *b, bool recover)
{
    const struct sluice_options options = {.recover = recover, .ping_ms = 200};
    int err = sluice_open(uri, &options, &b->card);

    for (unsigned i = 0; i < THREADS && !err; i++) {
        err = begin(&b->load[i], b->card);
        err = err ? err : -pthread_create(&b->thread[i], NULL, carry, &b->load[i]);
    }
    poll(NULL, 0, BUSY_MS);
    return tap_ok(err == 0, "two threads have %u operations each in flight%s%s", DEPTH, err ? ": " : "",
                  err ? strerror(-err) : "");
}

/* The threads have ended, or must: nothing else can be done when they do not. */
static void join_busy(struct busy *b, const char *what)
{
    for (unsigned i = 0; i < THREADS; i++) {
        if (!ends(b->thread[i])) {
            tap_ok(false, "%s", what);
            exit(tap_end());
        }
    }
}

static void told(const struct busy *b, const char *how)
{
    const struct load *l = b->load;
    unsigned long long ok = 0, aborted = 0;
    bool good = true;

    for (unsigned i = 0; i < THREADS; i++) {
        good = good && l[i].taken == l[i].given && l[i].wrong == 0;
        ok += l[i].ok;
        aborted += l[i].aborted;
    }
    tap_ok(good, "%s: each operation ended once, in order, ok (%llu) or aborted (%llu)", how, ok, aborted);
}

static void end_busy(struct busy *b)
{
    for (unsigned i = 0; i < THREADS; i++) {
        end(&b->load[i]);
    }
    sluice_close(b->card);
}

/* A card like any other. */
static void works(const char *when)
{
    struct sluice_op op = {.type = SLUICE_OP_TYPE_SEAL, .src_len = CONTENT, .dst_len = ROOM};
    struct kit kit;
    int err = kit_open(&kit, uri);

    if (!err) {
        struct sluice_sa_config c =
            kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_SEAL, 20);

        op.sa = kit_sa(&kit, &c);
        op.src = kit.src;
        op.dst = kit.dst;
        err = kit_run(&kit, &op).status == SLUICE_STATUS_OK ? 0 : -EIO;
        sluice_sa_destroy(op.sa);
        kit_close(&kit);
    }
    tap_ok(err == 0, "%s a card seals%s%s", when, err ? ": " : "", err ? strerror(-err) : "");
}

/* ---------------------------------------------------------------- going */

/*
 * Takes the card from under the threads. `asked`: by a call that comes back once the kernel has it. `then`: before it is closed,
 * which takes a minute while the kernel waits for a card that does not answer.
 */
static void goes(const char *how, bool (*go)(void), bool asked, void (*then)(void))
{
    time_t start;
    struct sluice_sa_config c =
        kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL, 16);
    struct sluice_sa *sa;
    struct busy b = {0};

    if (!begin_busy(&b, false)) {
        return;
    }
    start = time(NULL);
    tap_ok(go(), asked ? "%s: the kernel has the card back, though it was never closed" : "%s while busy", how);
    join_busy(&b, "its threads are told");
    tap_note("%s: its threads were told within %d s", how, (int)(time(NULL) - start) + 1);
    told(&b, how);
    tap_ok(b.load[0].ended && b.load[1].ended && sluice_card_ping(b.card) == -ENODEV &&
               sluice_sa_create(b.card, &c, &sa) == -ENODEV && sluice_card_reset(b.card) == -ENODEV,
           "%s: from then on everything says that it is gone", how);
    tap_ok(b.load[0].memory[0] + b.load[1].memory[0] >= 0, "%s: its memory can still be read", how);
    if (then) {
        then();
    }
    end_busy(&b);
}

static bool unbind(void)
{
    return write_file(VFIO_DRIVER "/unbind", address);
}

static bool remove_function(void)
{
    return write_device("remove", "1") && !present();
}

/* The machine's owner reads these lines. */
static bool bus_error(void)
{
    printf("#! error\n");
    return true;
}

static bool pull(void)
{
    printf("#! pull\n");
    return true;
}

static void put_back(void)
{
    printf("#! put back\n");
}

static void comes_back(void)
{
    tap_ok(write_file("/sys/bus/pci/rescan", "1") && wait_until(present, true) && bind_driver(), "it is found again");
    works("after that");
}

/* ---------------------------------------------------------------- others */

static void resets(void)
{
    struct busy b = {0};
    int err = 0;

    if (!begin_busy(&b, true)) {
        return;
    }
    for (unsigned i = 0; i < 3 && !err; i++) {
        err = sluice_card_reset(b.card);
        poll(NULL, 0, BUSY_MS);
    }
    tap_ok(err == 0, "three resets while busy%s%s", err ? ": " : "", err ? strerror(-err) : "");
    for (unsigned i = 0; i < THREADS; i++) {
        atomic_store(&b.load[i].stop, true);
    }
    join_busy(&b, "its threads end");
    told(&b, "reset");
    tap_ok(!b.load[0].ended && !b.load[1].ended && sluice_card_ping(b.card) == 0, "reset: the card goes on");
    end_busy(&b);
}

static int try_open(const char *what)
{
    struct sluice_card *card;
    int err = sluice_open(what, NULL, &card);

    if (!err) {
        sluice_close(card);
    }
    return err;
}

/* What a child that is nobody gets; `little`: of locked memory. */
static int try_as_nobody(bool little)
{
    const struct rlimit limit = {LITTLE_BYTES, LITTLE_BYTES};
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        int err = little && setrlimit(RLIMIT_MEMLOCK, &limit) ? errno : setuid(NOBODY) ? errno : -try_open(uri);

        _exit(err);
    }
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

static void is_refused(const char *what, int found, int expected)
{
    tap_ok(found == expected, "%s: %s", what, strerror(-found));
}

/* The group's file, and those of iommufd, if there are any. */
static bool give_away(void)
{
    char file[PATH_BYTES];

    snprintf(file, sizeof file, "/dev/vfio/%d", group_number());
    (void)!chown("/dev/iommu", NOBODY, NOBODY);
    (void)!chown("/dev/vfio/devices/vfio0", NOBODY, NOBODY);
    return chown(file, NOBODY, NOBODY) == 0;
}

static void refusals(void)
{
    struct sluice_card *card = NULL;

    is_refused("no address", try_open("pci:card"), -EINVAL);
    is_refused("an address with more behind it", try_open("pci:0000:01:00.0/../.."), -EINVAL);
    is_refused("no such function", try_open("pci:0000:7f:1f.7"), -ENOENT);
    is_refused("a function with another driver, or none", try_open("pci:0000:00:00.0"), -ENXIO);
    is_refused("no permission", try_as_nobody(false), -EACCES);
    tap_ok(give_away(), "nobody gets the files of /dev");
    is_refused("a limit of locked memory that is too low", try_as_nobody(true), -ENOMEM);
    if (tap_ok(sluice_open(uri, NULL, &card) == 0, "the card opens")) {
        is_refused("a card that is in use", try_open(uri), -EBUSY);
        tap_ok(sluice_card_ping(card) == 0, "and who has it goes on");
        sluice_close(card);
    }
}

static unsigned free_huge_pages(void)
{
    char line[128];
    unsigned n = 0;
    FILE *file = fopen("/proc/meminfo", "re");

    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, "HugePages_Free:", 15) == 0) {
            n = (unsigned)strtoul(line + 15, NULL, 10);
        }
    }
    if (file) {
        fclose(file);
    }
    return n;
}

/* How many files the program has open whose name begins so. */
static unsigned open_files(const char *prefix)
{
    DIR *dir = opendir("/proc/self/fd");
    char target[PATH_BYTES];
    struct dirent *entry;
    unsigned n = 0;

    while (dir && (entry = readdir(dir))) {
        ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);

        target[len < 0 ? 0 : len] = '\0';
        n += strncmp(target, prefix, strlen(prefix)) == 0;
    }
    if (dir) {
        closedir(dir);
    }
    return n;
}

static void memory(void)
{
    const struct sluice_options some = {.dma_bytes = 16u << 20};
    struct sluice_card *card = NULL;
    unsigned before;

    tap_ok(write_file("/proc/sys/vm/nr_hugepages", "12"), "the machine has huge pages");
    before = free_huge_pages();
    if (tap_ok(before >= 8 && sluice_open(uri, &some, &card) == 0, "a card opens with 16 MiB, %u huge pages being free",
               before)) {
        tap_ok(before - free_huge_pages() == 8, "its memory is in huge pages (%u free now)", free_huge_pages());
        if (access("/dev/iommu", F_OK) == 0) {
            tap_ok(open_files("/dev/iommu") == 1 && open_files("/dev/vfio/vfio") == 0, "it is reached by iommufd");
        } else {
            tap_ok(open_files("/dev/vfio/vfio") == 1, "it is reached by its group and a container");
        }
        sluice_close(card);
    }
    works("when there are too few of them (64 MiB are wanted)");
    (void)write_file("/proc/sys/vm/nr_hugepages", "0");
}

int main(int argc, char **argv)
{
    const char *what = argc == 3 ? argv[2] : "";

    address = argc == 3 ? argv[1] : "";
    snprintf(uri, sizeof uri, "pci:%s", address);
    tap_begin();
    if (!strcmp(what, "refusals")) {
        refusals();
    } else if (!strcmp(what, "memory")) {
        memory();
    } else if (!strcmp(what, "reset")) {
        resets();
        works("after that");
    } else if (!strcmp(what, "unbind")) {
        goes("unbind", unbind, true, NULL);
        tap_ok(try_open(uri) == -ENXIO && bind_driver(), "it can be bound again");
        works("after that");
    } else if (!strcmp(what, "remove")) {
        goes("remove", remove_function, true, NULL);
        comes_back();
    } else if (!strcmp(what, "error")) {
        goes("error", bus_error, false, NULL);
        works("after that");
    } else if (!strcmp(what, "pull")) {
        goes("pull", pull, false, put_back);
        tap_ok(remove_function(), "its function is removed");
        comes_back();
    } else {
        return 2;
    }
    return tap_end();
}
