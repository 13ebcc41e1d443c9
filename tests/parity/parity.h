// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/common/program.h"

#include <QDir>
#include <QJsonArray>
#include <QTest>

/// The fixtures that make_parity.py wrote, and how a test makes a model folder of them.
namespace parity {

inline QString fixture(const QString& name) { return QStringLiteral(MPO_FIXTURES "/parity/") + name; }

inline QJsonObject readJson(const QString& file)
{
    QFile in(file);
    if (!in.open(QIODevice::ReadOnly))
        qFatal("cannot read %s", qPrintable(file));
    return QJsonDocument::fromJson(in.readAll()).object();
}

inline QByteArray compact(const QJsonObject& row) { return QJsonDocument(row).toJson(QJsonDocument::Compact); }

inline QByteArray jsonLines(const QJsonArray& rows)
{
    QByteArray lines;
    for (const QJsonValue& row : rows)
        lines += compact(row.toObject()) + '\n';
    return lines;
}

inline void writeJson(const QString& file, const QJsonObject& content)
{
    QFile out(file);
    if (!out.open(QIODevice::WriteOnly) || out.write(compact(content)) < 0)
        qFatal("cannot write %s", qPrintable(file));
}

inline void replaceFile(const QString& from, const QString& to)
{
    QFile::remove(to);
    if (!QFile::copy(from, to))
        qFatal("cannot copy %s to %s", qPrintable(from), qPrintable(to));
}

inline void copyFolder(const QString& from, const QString& to)
{
    QDir().mkpath(to);
    for (const QString& name : QDir(from).entryList(QDir::Files)) {
        replaceFile(from + QLatin1Char('/') + name, to + QLatin1Char('/') + name);
        QFile::setPermissions(to + QLatin1Char('/') + name, QFile::ReadOwner | QFile::WriteOwner);
    }
}

/// Fields of a JSON file in a folder, written over; a null removes nothing, it is written as null.
inline void changeJson(const QString& file, const QJsonObject& changes)
{
    QJsonObject content = readJson(file);
    for (auto field = changes.begin(); field != changes.end(); ++field)
        content.insert(field.key(), field.value());
    writeJson(file, content);
}

enum class Padding { Token, None };

inline void addTokenizer(const QString& folder, Padding padding)
{
    replaceFile(fixture(QStringLiteral("tokenizer/tokenizer.json")), folder + QStringLiteral("/tokenizer.json"));
    replaceFile(fixture(padding == Padding::Token ? QStringLiteral("tokenizer/tokenizer_config.json")
                                                  : QStringLiteral("tokenizer/tokenizer_config_no_pad.json")),
        folder + QStringLiteral("/tokenizer_config.json"));
}

/// The largest difference relative to max(1, |expected|); infinite when the counts differ.
inline double worst(const QList<double>& actual, const QJsonArray& expected)
{
    double worst = actual.size() == expected.size() ? 0.0 : HUGE_VAL;
    for (qsizetype i = 0; i < qMin(actual.size(), expected.size()); ++i) {
        const double wanted = expected[i].toDouble();
        const double difference = std::abs(actual[i] - wanted) / qMax(1.0, std::abs(wanted));
        worst = std::isnan(difference) ? HUGE_VAL : qMax(worst, difference);
    }
    return worst;
}

inline QList<double> column(const QList<QJsonObject>& rows, const QString& key)
{
    QList<double> values;
    for (const QJsonObject& row : rows)
        values.append(number(row, key));
    return values;
}

/// Of the columns chosenSUFFIX and rejectedSUFFIX against the lists PREFIXchosen and PREFIXrejected of a case.
inline double worstOfPair(
    const QList<QJsonObject>& rows, const char* suffix, const QJsonObject& expected, const char* prefix = "")
{
    double largest = 0.0;
    for (const char* side : {"chosen", "rejected"})
        largest = qMax(largest,
            worst(column(rows, QLatin1String(side) + QLatin1String(suffix)),
                expected.value(QLatin1String(prefix) + QLatin1String(side)).toArray()));
    return largest;
}

} // namespace parity
