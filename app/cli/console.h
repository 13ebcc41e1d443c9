// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mpo::cli {

// Results go to stdout, everything else to stderr: a script can read one without the other.

/// One line on stdout; buffered until flushOutput().
void writeLine(std::string_view line);
/// Throws Error when stdout cannot take the lines (disk full). A closed pipe is no error: see outputClosed().
void flushOutput();
/// The reader of our stdout went away (`mpo ... | head`): nothing more needs to be said.
bool outputClosed();

/// Columns aligned, columns of numbers to the right. The first row holds the headings.
void writeTable(const std::vector<std::vector<std::string>>& rows);
/// "name  value" lines.
void writeFields(const std::vector<std::pair<std::string, std::string>>& fields);

/// One line on stderr. Clears the status line first.
void note(std::string_view line);

/// A line on stderr that is written over; only where stderr is a terminal.
void showStatus(std::string_view line);
void clearStatus();
bool statusVisible(); ///< stderr is a terminal

/// Four significant digits, "-" for NaN.
std::string shortNumber(double value);
/// "1:02:03" or "2:03"
std::string duration(double seconds);
/// One line of at most `columns` characters.
std::string oneLine(std::string_view text, std::size_t columns);

} // namespace mpo::cli
