// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <string>
#include <string_view>

namespace mpo {

// The only place that decides how a quantity looks.

inline QString toQString(std::string_view text) { return QString::fromUtf8(text.data(), qsizetype(text.size())); }

QString formatCount(qint64 count); ///< "12,345"
QString formatLargeCount(double count); ///< "1.2 M", "135 M", "4.0 k"
QString formatNumber(double value, int significant = 4); ///< "0.6931", "1.2e-05", "NaN"
QString formatShare(double share); ///< "62.5 %"
QString formatDuration(double seconds); ///< "8 s", "2 min 05 s", "1 h 12 min"
QString formatTime(const std::string& utc); ///< ISO 8601 in UTC -> "Today 14:03", "12 Mar 14:03" in local time
QString formatFolder(const QString& path); ///< home as "~"

} // namespace mpo
