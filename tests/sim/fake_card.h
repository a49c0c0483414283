/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A card for tests of the model: stands in for the Verilated one behind sim/dut.h. BAR 0 is plain memory; a write to a doorbell
 * of FAKE_* does what no real card may be made to do on demand. It parses and builds its TLPs by itself, not with the model's
 * code.
 */
#ifndef FAKE_CARD_H
#define FAKE_CARD_H

enum {
    FAKE_ADDRESS = 0x8000, /* 64 bits */
    FAKE_LENGTH = 0x8008,  /* DW */
    FAKE_TAG = 0x800c,     /* of a read; of an interrupt the vector */
    FAKE_BE = 0x8010,      /* [3:0] first, [7:4] last */
    FAKE_KEEP = 0x8014,    /* of the last beat of FAKE_RAW; 0: what is right */
    FAKE_COMMAND = 0x8020, /* written last */
    FAKE_STATUS = 0x8024,  /* of the last read: FAKE_PENDING, then completion status, +16 when poisoned */
    FAKE_PIECES = 0x8028,  /* completions that the last read took */
    FAKE_BUFFER = 0x9000,  /* 4 KiB: data of reads and writes; DWs of FAKE_RAW, first on the wire first, little endian */
};

enum fake_command {
    FAKE_READ = 1,
    FAKE_WRITE = 2,
    FAKE_INTERRUPT = 3,
    FAKE_RAW = 4,    /* FAKE_LENGTH DWs of FAKE_BUFFER as they are */
    FAKE_FICKLE = 5, /* shows a beat, and takes it back before it was taken */
    FAKE_DEAF = 6,   /* answers no BAR read any more, until reset */
    FAKE_ERROR = 7,  /* reports an unsupported request */
    FAKE_FAIL = 8,   /* an assertion fails */
};

#define FAKE_PENDING 0x100u

#endif
