// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/format.h"

#include "core/support/text.h"

#include <QDateTime>
#include <QDir>
#include <QLocale>

#include <cmath>

namespace mpo {

namespace {

const QLocale& locale()
{
    static const QLocale english(QLocale::English, QLocale::UnitedStates);
    return english;
}

} // namespace

QString formatCount(qint64 count) { return toQString(grouped(count)); }

QString formatLargeCount(double count)
{
    struct Scale
    {
        double factor;
        const char* unit;
    };
    for (const Scale scale : {Scale {1e12, " T"}, Scale {1e9, " B"}, Scale {1e6, " M"}, Scale {1e3, " k"}}) {
        if (std::abs(count) >= scale.factor) {
            const double value = count / scale.factor;
            return locale().toString(value, 'f', std::abs(value) < 99.95 ? 1 : 0) + QLatin1String(scale.unit);
        }
    }
    return locale().toString(count, 'f', 0);
}

QString formatNumber(double value, int significant)
{
    if (std::isnan(value))
        return QStringLiteral("NaN");
    if (std::isinf(value))
        return value > 0 ? QStringLiteral("∞") : QStringLiteral("−∞");
    QString text = QString::number(value, 'g', significant);
    // 1e+05 and 123456 look better written out.
    if (text.contains(QLatin1Char('e')) && std::abs(value) >= 1.0 && std::abs(value) < 1e9)
        text = locale().toString(value, 'f', 0);
    return text.replace(QLatin1Char('-'), QStringLiteral("−")).replace(QStringLiteral("e−0"), QStringLiteral("e−"));
}

QString formatShare(double share)
{
    return std::isfinite(share) ? locale().toString(100.0 * share, 'f', 1) + QStringLiteral(" %") : QStringLiteral("–");
}

QString formatDuration(double seconds)
{
    if (!std::isfinite(seconds) || seconds < 0.0)
        return QStringLiteral("–");
    if (seconds < 9.95)
        return locale().toString(seconds, 'f', 1) + QStringLiteral(" s");
    const auto whole = qint64(std::llround(seconds));
    if (whole < 60)
        return QStringLiteral("%1 s").arg(whole);
    if (whole < 3600)
        return QStringLiteral("%1 min %2 s").arg(whole / 60).arg(whole % 60, 2, 10, QLatin1Char('0'));
    return QStringLiteral("%1 h %2 min").arg(whole / 3600).arg(whole / 60 % 60, 2, 10, QLatin1Char('0'));
}

QString formatTime(const std::string& utc)
{
    const QDateTime time = QDateTime::fromString(toQString(utc), Qt::ISODate).toLocalTime();
    if (!time.isValid())
        return toQString(utc);
    const QDate today = QDate::currentDate();
    if (time.date() == today)
        return QStringLiteral("Today ") + time.toString(QStringLiteral("HH:mm"));
    const QString format
        = time.date().year() == today.year() ? QStringLiteral("d MMM HH:mm") : QStringLiteral("d MMM yyyy");
    return locale().toString(time, format);
}

QString formatFolder(const QString& path)
{
    const QString home = QDir::homePath();
    return path.startsWith(home + QLatin1Char('/')) ? QLatin1Char('~') + path.mid(home.size()) : path;
}

} // namespace mpo
