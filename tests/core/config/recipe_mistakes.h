// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/common/message_of.h"

#include <QByteArray>
#include <QTest>

#include <string>

/// Texts of recipes with a mistake, and what is said of each: for a test function and its _data().
namespace recipe_mistakes {

inline void addColumns()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("starts"); // the message: file and line
    QTest::addColumn<QByteArray>("says"); // and somewhere in it
}

inline void addText(const char* name, const QByteArray& text, const char* starts, const char* says)
{
    QTest::newRow(name) << text << QByteArray(starts) << QByteArray(says);
}

/// From line 3 on, after a model and data.
inline void add(const char* name, const char* text, const char* starts, const char* says)
{
    addText(name, QByteArray("model: m\ndata: d\n") + text, starts, says);
}

/// parse: of a text
template<class Parse>
void check(const Parse& parse)
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, starts);
    QFETCH(QByteArray, says);
    const auto message = QByteArray::fromStdString(messageOf([&] { parse(text.toStdString()); }));
    QVERIFY2(message.startsWith(starts) && message.contains(says), message);
}

} // namespace recipe_mistakes
