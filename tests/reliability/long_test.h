// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QRandomGenerator>
#include <QtGlobal>

// For tests whose length is set from outside.

/// For `initMain()`: QTest would end a test function after five minutes. A limit that the user sets holds.
inline void allowLongTests()
{
    constexpr const char* kLimit = "QTEST_FUNCTION_TIMEOUT";
    if (!qEnvironmentVariableIsSet(kLimit))
        qputenv(kLimit, QByteArrayLiteral("86400000")); // a day, in milliseconds
}

/// How often something is done.
inline int timesFromEnvironment(const char* name, int otherwise)
{
    const int value = qEnvironmentVariableIntValue(name);
    return value > 0 ? value : otherwise;
}

/// MPO_KILL_SEED, or one that differs each time.
inline quint32 seedOfKills()
{
    constexpr const char* kName = "MPO_KILL_SEED";
    return qEnvironmentVariableIsSet(kName) ? quint32(qEnvironmentVariableIntValue(kName))
                                            : QRandomGenerator::global()->generate();
}
