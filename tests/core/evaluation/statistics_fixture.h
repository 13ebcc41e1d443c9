// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/evaluation/statistics.h"
#include "core/support/json.h"
#include "tests/common/near.h"

#include <string>
#include <vector>

/// What other programs' libraries say (tests/fixtures/evaluation/make_statistics_fixture.py).
inline const mpo::Json& statisticsFixture(const char* part)
{
    static const mpo::Json s_all = mpo::readJsonFile(std::string(MPO_FIXTURES) + "/evaluation/statistics.json");
    return s_all.at(part);
}

inline std::vector<double> numbers(const mpo::Json& list) { return list.get<std::vector<double>>(); }

#define COMPARE_INTERVAL(actual, expected, tolerance)                                                                  \
    do {                                                                                                               \
        const mpo::Interval actual_ = (actual);                                                                        \
        const std::vector<double> expected_ = numbers(expected);                                                       \
        COMPARE_NEAR(actual_.low, expected_[0], tolerance);                                                            \
        COMPARE_NEAR(actual_.high, expected_[1], tolerance);                                                           \
    } while (false)
