/* SPDX-License-Identifier: Apache-2.0 */
/* The event log: the newest SLUICE_LOG_ENTRIES events, in the buffer, where the host reads them by log_read alone. */
#ifndef SLUICE_FW_LOG_H
#define SLUICE_FW_LOG_H

#include <stdint.h>

/* `code`: enum sluice_log_event, which says what the others are. */
void log_event(uint32_t code, uint32_t where, uint32_t data0, uint32_t data1);
/* Puts struct sluice_log_entry, oldest first, into the buffer at `at`; returns bytes. */
uint32_t log_put(uint32_t at);
void log_clear(void);

#define LOG_STACK 0xffffu /* instead of mcause: the stack ran over */

/* Keeps a trap over the reset that must follow; then writes it to the log. */
void log_trap(uint32_t cause, uint32_t pc, uint32_t value);
void log_kept(void);

#endif
