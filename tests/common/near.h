// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTest>

#include <cmath>

/// Fails the test, with both numbers, unless |actual - expected| <= tolerance.
#define COMPARE_NEAR(actual, expected, tolerance)                                                                      \
    do {                                                                                                               \
        const double a_ = double(actual), e_ = double(expected), t_ = double(tolerance);                               \
        QVERIFY2(std::abs(a_ - e_) <= t_,                                                                              \
            qPrintable(QStringLiteral("%1 instead of %2 (difference %3, allowed %4)")                                  \
                           .arg(a_, 0, 'g', 10)                                                                        \
                           .arg(e_, 0, 'g', 10)                                                                        \
                           .arg(std::abs(a_ - e_), 0, 'g', 4)                                                          \
                           .arg(t_, 0, 'g', 4)));                                                                      \
    } while (false)
