// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"

namespace mpo {

/// Adds a data set pair by pair, in transactions of some thousand, so that neither memory nor the time that others wait
/// for the project grows with it. The data set is there once finish() has returned; before that, and after a crash,
/// none of it is: pairs that belong to no data set go when the writer does, or when the project is opened again. One at
/// a time.
class DatasetWriter
{
public:
    DatasetWriter(Project& project, std::string name); ///< throws Error for a name that is taken
    ~DatasetWriter();
    DatasetWriter(const DatasetWriter&) = delete;
    DatasetWriter& operator=(const DatasetWriter&) = delete;

    const std::string& name() const { return m_name; }
    void add(PreferencePair&& pair);
    void finish(DatasetKind kind, const std::string& source, const ImportReport* report);

private:
    void flush();

    Project& m_project;
    std::string m_name;
    DatasetDigest m_digest;
    std::vector<PreferencePair> m_waiting;
    std::size_t m_waitingBytes = 0;
    std::int64_t m_firstPair = 0, m_count = 0;
    bool m_finished = false;
};

} // namespace mpo
