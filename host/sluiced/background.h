/* SPDX-License-Identifier: Apache-2.0 */
/* A process that goes on in the background once it is ready, as a command that ends then with its status. */
#ifndef SLUICED_BACKGROUND_H
#define SLUICED_BACKGROUND_H

/* Before there are threads. Returns in the child alone, with what background_done needs, or -errno; the former process ends with
 * 0 at background_done, or with the child's status if that ends before. */
int background_begin(void);
/* What is said on stderr goes to `log` from now on (-1: stays where it is), and nothing to stdout. */
void background_log(int log);
void background_done(int tell);

#endif
