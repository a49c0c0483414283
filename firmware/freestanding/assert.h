/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler brings no C library; of this header the firmware needs one name. */
#ifndef SLUICE_FW_ASSERT_H
#define SLUICE_FW_ASSERT_H

#define static_assert _Static_assert

#endif
