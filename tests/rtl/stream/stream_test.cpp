// SPDX-License-Identifier: Apache-2.0
//
// The stream lane against OpenSSL. SEED=n repeats a run.
#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <openssl/aes.h>

#include "bench.h"

static unsigned tests, failures;

static void ok(bool passed, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("%sok %u - ", passed ? "" : "not ", ++tests);
    vprintf(format, args);
    printf("\n");
    va_end(args);
    fflush(stdout);
    failures += !passed;
}

static const char *name_of(const Sa &sa)
{
    static const char *ciphers[] = {"NULL", "DES", "3DES", "AES-128", "AES-192", "AES-256"};
    static const char *macs[] = {"none", "MD5", "SHA-1", "SHA-256"};
    static const char *forms[] = {"", "", "mte", "etm", "tls10"};
    static char text[64];
    snprintf(text, sizeof text, "%s, %s/%u, %s", ciphers[sa.cipher], macs[sa.mac], sa.mac_len, forms[sa.form]);
    return text;
}

static bool right(const Job &job, const Answer &want)
{
    const Answer &got = job.answer;
    bool good = got.status == want.status && got.bytes == want.bytes && got.sure == want.sure && got.next_iv == want.next_iv &&
                job.out_len == want.bytes.size();
    if (!good) {
        size_t diff = 0;
        while (diff < got.bytes.size() && diff < want.bytes.size() && got.bytes[diff] == want.bytes[diff]) {
            diff++;
        }
        printf(
            "# %s, %s%s%s%s of %zu bytes: status %u want %u, bytes %zu want %zu (first difference at %zu), sure %u want %u%s\n",
            name_of(job.sa), job.part.open ? "open" : "seal", job.part.first ? " first" : "", job.part.last ? " last" : "",
            job.part.fetch_err ? " unreadable" : "", job.part.source.size(), got.status, want.status, got.bytes.size(),
            want.bytes.size(), diff, got.sure, want.sure, got.next_iv == want.next_iv ? "" : ", next IV");
    }
    return good;
}

/* Runs the jobs, and compares with what each slot's record must answer. */
static bool run(Bench &bench, std::vector<Job> &jobs)
{
    std::array<Record, 256> records;
    if (!bench.run(jobs)) {
        printf("# the lane stopped\n");
        return false;
    }
    unsigned wrong = 0;
    for (size_t i = 0; i < jobs.size() && wrong < 5; i++) {
        wrong += !right(jobs[i], records[jobs[i].part.slot].next(jobs[i].sa, jobs[i].part));
    }
    return wrong == 0;
}

/* ---------------------------------------------------------------- records and their parts */

struct Whole {
    Sa sa;
    Part first; // all but the source
    Bytes source;
};

static Whole whole_seal(Rng &rng, const Sa &sa, const Bytes &content)
{
    Whole whole{sa, {}, content};
    whole.first.type = (uint8_t)(rng() & 0x7f);
    whole.first.pad = sa.block() > 1 && rng() % 3 == 0 ? (unsigned)(rng() % (256 / sa.block())) : 0;
    whole.first.total = (unsigned)content.size();
    whole.first.seq = rng();
    whole.first.nonce = random_bytes(rng, 16);
    return whole;
}

static Whole whole_open(Rng &rng, const Sa &sa, const Bytes &content)
{
    Whole whole{sa, {}, {}};
    Bytes nonce = random_bytes(rng, 16), padding;
    size_t inside = content.size() + (sa.etm() ? 0 : sa.mac_len);
    if (sa.block() > 1 && rng() % 2) {
        size_t least = sa.block() - inside % sa.block(), count = least + (rng() % ((256 - least) / sa.block() + 1)) * sa.block();
        padding.assign(count, (uint8_t)(count - 1));
    }
    whole.first.open = true;
    whole.first.seq = rng();
    whole.first.nonce = sa.form == SLUICE_FORM_TLS10 ? nonce : Bytes(16);
    whole.source = whole_record(sa, content, (uint8_t)(rng() & 0x7f), whole.first.seq, nonce, padding);
    return whole;
}

/* Its parts, cut at the places given (ascending; the same place twice gives a part of no bytes). */
static std::vector<Job> cut(const Whole &whole, unsigned slot, const std::vector<size_t> &places)
{
    std::vector<Job> jobs;
    size_t at = 0;
    for (size_t i = 0; i <= places.size(); i++) {
        size_t end = i < places.size() ? places[i] : whole.source.size();
        Job job{whole.sa, whole.first};
        job.part.slot = slot;
        job.part.first = i == 0;
        job.part.last = i == places.size();
        job.part.source.assign(whole.source.begin() + (long)at, whole.source.begin() + (long)end);
        jobs.push_back(job);
        at = end;
    }
    return jobs;
}

static std::vector<size_t> random_places(Rng &rng, size_t len, size_t count)
{
    std::vector<size_t> places(count);
    for (auto &place : places) {
        place = rng() % 8 == 0 && &place != places.data() ? *(&place - 1) : rng() % (len + 1);
    }
    std::sort(places.begin(), places.end());
    return places;
}

template <class T> static void append(std::vector<T> &to, const std::vector<T> &from)
{
    to.insert(to.end(), from.begin(), from.end());
}

static Whole random_whole(Rng &rng, const Sa &sa, size_t most)
{
    static const size_t edges[] = {0, 1, 7, 8, 15, 16, 17, 31, 32, 33, 50, 51, 52, 63, 64, 65};
    size_t len = rng() % 3 == 0 ? edges[rng() % (sizeof edges / sizeof *edges)] : rng() % (most + 1);
    Bytes content = random_bytes(rng, len);
    return rng() % 2 ? whole_seal(rng, sa, content) : whole_open(rng, sa, content);
}

static Sa random_sa(Rng &rng)
{
    sluice_cipher cipher = (sluice_cipher)(rng() % 6);
    sluice_mac mac = (sluice_mac)(rng() % 4);
    sluice_form form = (sluice_form)(SLUICE_FORM_TLS_MTE + rng() % 3);
    unsigned most = digest_len(mac), least = form == SLUICE_FORM_TLS_ETM || cipher < SLUICE_CIPHER_AES128 ? 10 : 16;
    unsigned mac_len = !most ? 0 : rng() % 2 ? most : least + (unsigned)(rng() % (most - least + 1));
    return make_sa(rng, cipher, mac, form, mac_len);
}

static const struct {
    sluice_cipher cipher;
    sluice_mac mac;
    sluice_form form;
} suites[] = {
    {SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_TLS_ETM}, {SLUICE_CIPHER_AES256, SLUICE_MAC_SHA1, SLUICE_FORM_TLS_MTE},
    {SLUICE_CIPHER_DES3, SLUICE_MAC_SHA1, SLUICE_FORM_TLS_ETM},     {SLUICE_CIPHER_DES, SLUICE_MAC_MD5, SLUICE_FORM_TLS10},
    {SLUICE_CIPHER_NULL, SLUICE_MAC_SHA256, SLUICE_FORM_TLS_ETM},   {SLUICE_CIPHER_AES192, SLUICE_MAC_NONE, SLUICE_FORM_TLS_ETM},
};

static Sa sa_of(Rng &rng, unsigned suite)
{
    return make_sa(rng, suites[suite].cipher, suites[suite].mac, suites[suite].form, digest_len(suites[suite].mac));
}

/* ---------------------------------------------------------------- tests */

static void test_pairings(Rng &rng)
{
    for (int form = SLUICE_FORM_TLS_MTE; form <= SLUICE_FORM_TLS10; form++) {
        for (int mac = SLUICE_MAC_NONE; mac <= SLUICE_MAC_SHA256; mac++) {
            bool passed = true;
            for (int cipher = SLUICE_CIPHER_NULL; cipher <= SLUICE_CIPHER_AES256; cipher++) {
                Bench bench(rng(), cipher % 2);
                Sa sa = make_sa(rng, (sluice_cipher)cipher, (sluice_mac)mac, (sluice_form)form, digest_len((sluice_mac)mac));
                std::vector<Job> jobs;
                for (int i = 0; i < 16; i++) {
                    Bytes content = random_bytes(rng, rng() % 300);
                    Whole whole = i % 2 ? whole_seal(rng, sa, content) : whole_open(rng, sa, content);
                    append(jobs, cut(whole, (unsigned)(rng() % 256), random_places(rng, whole.source.size(), (size_t)i / 2)));
                }
                passed = run(bench, jobs) && passed;
            }
            Sa last = make_sa(rng, SLUICE_CIPHER_AES256, (sluice_mac)mac, (sluice_form)form, digest_len((sluice_mac)mac));
            ok(passed, "every cipher with what %s has, sealed and opened in one to eight parts", name_of(last));
        }
    }
}

static void test_cuts(Rng &rng)
{
    for (unsigned suite = 0; suite < sizeof suites / sizeof *suites; suite++) {
        Bench bench(rng(), false);
        Sa sa = sa_of(rng, suite);
        std::vector<Job> jobs;
        for (size_t len : {0, 37}) {
            Bytes content = random_bytes(rng, len);
            for (const Whole &whole : {whole_seal(rng, sa, content), whole_open(rng, sa, content)}) {
                for (size_t at = 0; at <= whole.source.size(); at++) {
                    append(jobs, cut(whole, (unsigned)at % 256, {at}));
                }
            }
        }
        ok(run(bench, jobs), "%s: two parts, cut at every byte", name_of(sa));
    }
}

static void test_bytes(Rng &rng)
{
    for (unsigned suite = 0; suite < sizeof suites / sizeof *suites; suite++) {
        Bench bench(rng(), false);
        Sa sa = sa_of(rng, suite);
        std::vector<Job> jobs;
        for (const Whole &whole : {whole_seal(rng, sa, random_bytes(rng, 70)), whole_open(rng, sa, random_bytes(rng, 20))}) {
            std::vector<size_t> places = {0};
            for (size_t at = 0; at < whole.source.size(); at++) {
                append(places, rng() % 4 ? std::vector<size_t>{at} : std::vector<size_t>{at, at});
            }
            append(places, {whole.source.size(), whole.source.size()});
            append(jobs, cut(whole, 1, places));
        }
        ok(run(bench, jobs), "%s: parts of one byte and of none", name_of(sa));
    }
}

static void damage(Rng &rng, std::vector<Job> &jobs)
{
    Job &job = jobs[rng() % jobs.size()];
    Bytes &source = job.part.source;
    switch (rng() % 8) {
    case 0:
        job.part.fetch_err = true;
        break;
    case 1:
        job.part.first = !job.part.first;
        break;
    case 2:
        job.part.last = !job.part.last;
        break;
    case 3:
        source.resize(source.size() - (source.empty() ? 0 : rng() % std::min<size_t>(source.size(), 20)));
        break;
    case 4:
        append(source, random_bytes(rng, 1 + rng() % 20));
        break;
    case 5:
        jobs.resize(1 + rng() % jobs.size()); // the next first part drops it
        break;
    default:
        if (!source.empty()) {
            source[rng() % 2 ? rng() % source.size() : rng() % std::min<size_t>(source.size(), 5)] ^= (uint8_t)(1u << rng() % 8);
        }
    }
}

/* Records of several SAs at once, their parts in any order but that of each SA, one in four of them spoilt somehow. */
static void test_interleaved(Rng &rng, bool pauses, unsigned records)
{
    static const unsigned slots[] = {0, 1, 7, 100, 254, 255};
    const size_t count = sizeof slots / sizeof *slots;
    Bench bench(rng(), pauses);
    std::array<std::deque<Job>, count> queues;
    std::vector<Sa> sas[2];
    std::vector<Job> jobs;
    for (unsigned i = 0; i < count; i++) {
        sas[0].push_back(random_sa(rng));
    }
    for (unsigned i = 0; i < records; i++) {
        size_t which = rng() % count;
        if (rng() % 16 == 0) {
            sas[0][which] = random_sa(rng);
        }
        // One direction for each slot, as an SA has it: even ones seal.
        Bytes content = random_bytes(rng, rng() % 400);
        Whole whole = which % 2 ? whole_open(rng, sas[0][which], content) : whole_seal(rng, sas[0][which], content);
        std::vector<Job> parts = cut(whole, slots[which], random_places(rng, whole.source.size(), rng() % 6));
        if (rng() % 4 == 0) {
            damage(rng, parts);
        }
        queues[which].insert(queues[which].end(), parts.begin(), parts.end());
    }
    for (size_t empty = 0; empty < count;) {
        auto &queue = queues[rng() % count];
        if (!queue.empty()) {
            jobs.push_back(queue.front());
            queue.pop_front();
        }
        empty = (size_t)std::count_if(queues.begin(), queues.end(), [](const auto &q) { return q.empty(); });
    }
    ok(run(bench, jobs), "%zu parts of six SAs in any order, some spoilt, %s", jobs.size(),
       pauses ? "with pauses" : "at full speed");
}

/* Every byte of small records damaged: what the parts before it gave stands, and the end is as the rules say. */
static void test_damage(Rng &rng)
{
    for (unsigned suite = 0; suite < sizeof suites / sizeof *suites; suite++) {
        Bench bench(rng(), false);
        Sa sa = sa_of(rng, suite);
        std::vector<Job> jobs;
        Whole whole = whole_open(rng, sa, random_bytes(rng, 21));
        for (size_t at = 0; at < whole.source.size(); at++) {
            Whole wrong = whole;
            wrong.source[at] ^= (uint8_t)(1u << rng() % 8);
            append(jobs, cut(wrong, 3, random_places(rng, whole.source.size(), 2)));
        }
        ok(run(bench, jobs), "%s: open with every byte damaged", name_of(sa));
    }
}

/* Etm: paddings of every length, each with one byte wrong in some place, under a right MAC. */
static void test_padding(Rng &rng)
{
    for (sluice_cipher cipher : {SLUICE_CIPHER_AES128, SLUICE_CIPHER_DES3}) {
        Bench bench(rng(), false);
        Sa sa = make_sa(rng, cipher, SLUICE_MAC_SHA256, SLUICE_FORM_TLS_ETM, 32);
        std::vector<Job> jobs;
        for (unsigned padding = 0; padding < 256; padding++) {
            size_t len = 2 * sa.block() - 1 - padding % sa.block();
            Whole whole{sa, {}, {}};
            whole.first.open = true;
            for (bool wrong : {false, true}) {
                Bytes tail(padding + 1, (uint8_t)padding);
                if (wrong) {
                    tail[rng() % tail.size()] ^= (uint8_t)(1u << rng() % 8);
                }
                whole.source = whole_record(sa, random_bytes(rng, len), 23, 0, random_bytes(rng, 16), tail);
                append(jobs, cut(whole, 9, random_places(rng, whole.source.size(), 1)));
            }
        }
        ok(run(bench, jobs), "%s: every padding_length, right and wrong", name_of(sa));
    }
}

/* Length fields and totals that no record can have, and those at the edge. */
static void test_lengths(Rng &rng)
{
    bool passed = true;
    for (unsigned suite = 0; suite < sizeof suites / sizeof *suites; suite++) {
        Bench bench(rng(), false);
        Sa sa = sa_of(rng, suite);
        std::vector<Job> jobs;
        std::vector<unsigned> lengths = {0, 1, 16384, 16384 + 255, 16384 + 256, 16384 + 2048, 32767, 32768, 65535};
        unsigned around = sa.iv_len() + sa.mac_len;
        for (unsigned i = 0; i < 40; i++) {
            append(lengths, {around + i - std::min(around, 4u), 16384 + 240 + around + i});
        }
        for (unsigned length : lengths) {
            Whole whole{sa, {}, {23, 3, sa.minor, (uint8_t)(length >> 8), (uint8_t)length, 1, 2}};
            whole.first.open = true;
            whole.source.resize(5 + rng() % 3);
            std::vector<Job> parts = cut(whole, 5, {rng() % 6});
            parts.back().part.last = false;
            append(jobs, parts);
        }
        for (unsigned total : {0u, 16383u, 16384u, 16385u, 20000u, 32767u}) {
            Whole whole = whole_seal(rng, sa, {});
            whole.first.total = total;
            whole.first.pad = (unsigned)(rng() % 40);
            append(jobs, cut(whole, 6, {0}));
        }
        passed = run(bench, jobs) && passed;
    }
    ok(passed, "lengths that no record can have, and those at the edge of it");
}

static void test_long(Rng &rng)
{
    bool passed = true;
    for (unsigned suite = 0; suite < sizeof suites / sizeof *suites; suite++) {
        Bench bench(rng(), false);
        Sa sa = sa_of(rng, suite);
        std::vector<Job> jobs;
        for (const Whole &whole :
             {whole_seal(rng, sa, random_bytes(rng, 16384)), whole_open(rng, sa, random_bytes(rng, 16384))}) {
            append(jobs, cut(whole, 0, {}));
            append(jobs, cut(whole, 0, {1460, 2920, 4380, 9000, 16000}));
        }
        passed = run(bench, jobs) && passed;
    }
    ok(passed, "16384 bytes in one part and in six");
}

/* A slot's state is nothing once its record is over, has failed, or the slot is wiped. */
static void test_wipe(Rng &rng)
{
    bool kept = true, over = true, wiped = true, gone = true;
    for (unsigned slot : {0u, 1u, 128u, 255u}) {
        Bench bench(rng(), slot == 1);
        Sa sa = sa_of(rng, 0);
        Whole whole = whole_open(rng, sa, random_bytes(rng, 100));
        std::vector<Job> parts = cut(whole, slot, {40, 60});
        std::vector<Job> one(parts.begin(), parts.begin() + 1), two(parts.begin() + 1, parts.begin() + 2);
        for (unsigned i = 0; i < 256; i++) {
            gone = bench.wipe(i) && gone;
        }
        gone = run(bench, parts) && bench.empty(slot) && gone;

        std::vector<Job> bad = parts;
        bad[1].part.fetch_err = true;
        bad.pop_back();
        over = run(bench, bad) && bench.empty(slot) && over;

        kept = run(bench, one) && !bench.empty(slot) && bench.empty((slot + 1) % 256) && bench.empty((slot + 255) % 256) && kept;
        wiped = bench.wipe(slot) && run(bench, two) && two[0].answer.status == SLUICE_STATUS_BAD_FORMAT && wiped;
    }
    ok(gone, "nothing is kept of a record that is over");
    ok(over, "nothing is kept of a record that has failed");
    ok(kept, "a part's state is kept in its slot alone");
    ok(wiped, "a slot that was wiped has no record begun");
}

static void test_reset(Rng &rng)
{
    bool passed = true;
    for (unsigned i = 0; i < 20; i++) {
        Bench bench(rng(), false);
        Sa sa = random_sa(rng);
        std::vector<Job> jobs;
        for (unsigned j = 0; j < 4; j++) {
            append(jobs, cut(random_whole(rng, sa, 200), j, {}));
        }
        std::vector<Job> again = jobs;
        bench.stop_at(bench.clock() + rng() % 2000);
        bench.run(jobs);
        bench.reset();
        passed = run(bench, again) && passed;
    }
    ok(passed, "after a reset at any clock the next records are right");
}

/* Records of one length: right ones with every padding that the length has room for, and one with each byte behind the header
 * wrong in turn. */
static std::vector<Whole> alike(Rng &rng, const Sa &sa)
{
    std::vector<Whole> wholes;
    size_t mac = sa.etm() ? 0 : sa.mac_len, least = sa.block() > 1 ? 1 : 0, body = 64 + 16 * (rng() % 20);
    for (size_t padding = least; padding <= std::min<size_t>(256 * least, body - mac); padding++) {
        Whole whole{sa, {}, {}};
        whole.first.open = true;
        whole.source = whole_record(sa, random_bytes(rng, body - mac - padding), 23, 0, random_bytes(rng, 16),
                                    Bytes(padding, (uint8_t)(padding - 1)));
        wholes.push_back(whole);
    }
    for (size_t at = 5, len = wholes[0].source.size(); at < len; at++) {
        wholes.push_back(wholes[rng() % (wholes.size() - (at - 5))]);
        wholes.back().source[at] ^= (uint8_t)(1u << rng() % 8);
    }
    return wholes;
}

static void test_uniform(Rng &rng)
{
    for (unsigned suite = 0; suite < sizeof suites / sizeof *suites; suite++) {
        Sa sa = sa_of(rng, suite);
        std::vector<Whole> wholes = alike(rng, sa);
        size_t len = wholes[0].source.size();
        std::vector<size_t> places = {rng() % 40, 40 + rng() % (len - 40)};
        std::vector<uint64_t> times;
        unsigned refused = 0;
        bool passed = true;
        for (const Whole &whole : wholes) {
            Bench bench(1, false);
            std::vector<Job> jobs = cut(whole, 3, places);
            passed = run(bench, jobs) && passed;
            std::vector<uint64_t> now;
            for (const Job &job : jobs) {
                append(now, {job.result_at, job.finished_at});
            }
            times = times.empty() ? now : times;
            passed = passed && now == times;
            refused += jobs.back().answer.status == SLUICE_STATUS_AUTH_FAILED;
        }
        ok(passed, "%s: %zu records of %zu bytes, %u of them refused, take the same clocks", name_of(sa), wholes.size(), len,
           refused);
    }
}

/* Keys and HMAC states as the lane is given them, and the round keys of AES-128 for sealing. */
static std::vector<uint32_t> secrets_of(const Sa &sa, bool open)
{
    std::vector<uint32_t> words;
    std::array<Word, 8> given = sa.words(open);
    for (unsigned i = 2; i < 8; i++) {
        for (unsigned j = 0; j < 16; j += 4) {
            uint32_t word;
            memcpy(&word, &given[i][j], 4);
            if (word) {
                words.push_back(word);
            }
        }
    }
    if (sa.cipher >= SLUICE_CIPHER_AES128) {
        AES_KEY key;
        AES_set_encrypt_key(sa.cipher_key.data(), (int)sa.cipher_key.size() * 8, &key);
        words.insert(words.end(), key.rd_key, key.rd_key + 4 * (key.rounds + 1));
    }
    return words;
}

/* Keys and states are in the lane while a job is there, and not afterwards, nor after a reset at any clock: the whole model is
 * looked through. One word may be there by chance. */
static void test_secrets(Rng &rng)
{
    bool there = true, over = true, reset = true;
    for (unsigned suite = 0; suite < sizeof suites / sizeof *suites; suite++) {
        for (unsigned i = 0; i < 20; i++) {
            Bench bench(rng(), i % 2);
            Sa sa = sa_of(rng, suite);
            Bytes content = random_bytes(rng, 100);
            Whole whole = i % 4 < 2 ? whole_seal(rng, sa, content) : whole_open(rng, sa, content);
            std::vector<uint32_t> secrets = secrets_of(sa, whole.first.open);
            std::vector<Job> jobs = cut(whole, 3, random_places(rng, whole.source.size(), 2)), again = jobs;
            bool des = sa.cipher == SLUICE_CIPHER_DES || sa.cipher == SLUICE_CIPHER_DES3;
            over = run(bench, jobs) && bench.holds(secrets) < 2 && !bench.des_keys() && over;

            uint64_t start = bench.clock(), end = jobs.back().finished_at - jobs[0].accepted_at;
            bench.stop_at(start + 20 + rng() % (end - 40));
            bench.run(again);
            there = (bench.holds(secrets) >= 2 || bench.des_keys() >= des) && there;
            bench.reset();
            bench.idle(64);
            bench.wipe(3);
            reset = bench.holds(secrets) < 2 && !bench.des_keys() && reset;
        }
    }
    ok(there, "keys and states are seen in the lane while jobs are there");
    ok(over, "no register and no memory has a key or a state when the jobs are over");
    ok(reset, "nor has one 64 clocks after a reset at any clock, when the slot is wiped");
}

static double speed(Rng &rng, const Sa &sa, bool open, size_t part)
{
    Bench bench(rng(), false);
    Whole whole = open ? whole_open(rng, sa, random_bytes(rng, 16384)) : whole_seal(rng, sa, random_bytes(rng, 16384));
    std::vector<size_t> places;
    for (size_t at = part; at < whole.source.size(); at += part) {
        places.push_back(at);
    }
    std::vector<Job> jobs = cut(whole, 0, places);
    std::vector<Job> more = cut(whole, 1, places);
    append(jobs, more);
    if (!run(bench, jobs)) {
        return 0;
    }
    size_t half = jobs.size() / 2 - 1;
    return (double)whole.source.size() / (double)(jobs.back().result_at - jobs[half].result_at);
}

static void test_speed(Rng &rng)
{
    double least = 9;
    printf("# bytes a clock: seal, open in parts of 16384 bytes; in parts of 1460\n");
    for (const auto &suite : suites) {
        Sa sa = make_sa(rng, suite.cipher, suite.mac, suite.form, digest_len(suite.mac));
        double rate[4] = {speed(rng, sa, false, 16384), speed(rng, sa, true, 16720), speed(rng, sa, false, 1460),
                          speed(rng, sa, true, 1460)};
        printf("# %-24s %.2f %.2f  %.2f %.2f\n", name_of(sa), rate[0], rate[1], rate[2], rate[3]);
        if (suite.cipher >= SLUICE_CIPHER_AES128) {
            least = std::min({least, rate[0], rate[1]});
        }
    }
    ok(least >= 0.8, "AES: at least 0.8 bytes a clock in long parts");
}

int main()
{
    const char *text = getenv("SEED");
    uint64_t seed = text ? strtoull(text, nullptr, 0) : std::random_device()();
    Rng rng(seed);
    printf("# SEED=%llu\n", (unsigned long long)seed);
    test_pairings(rng);
    test_cuts(rng);
    test_bytes(rng);
    test_damage(rng);
    test_padding(rng);
    test_lengths(rng);
    test_interleaved(rng, false, 400);
    test_interleaved(rng, true, 400);
    test_long(rng);
    test_wipe(rng);
    test_reset(rng);
    test_uniform(rng);
    test_secrets(rng);
    test_speed(rng);
    printf("1..%u\n", tests);
    return failures != 0;
}
