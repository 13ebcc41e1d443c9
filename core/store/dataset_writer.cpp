// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/dataset_writer.h"

#include "core/store/project_private.h"
#include "core/support/log.h"

#include <algorithm>

namespace mpo {

namespace {

/// What is written in one transaction: some hundredths of a second, for which the window may have to wait.
constexpr std::size_t kPairsAtOnce = 4096, kBytesAtOnce = std::size_t(8) << 20;
/// Pairs removed at once when an import is given up.
constexpr std::int64_t kRemovedAtOnce = 100'000;

} // namespace

DatasetWriter::DatasetWriter(Project& project, std::string name)
    : m_project(project)
    , m_name(std::move(name))
{
    auto& d = *m_project.m_d;
    d.write([&] {
        if (d.addingDataset)
            fail("{}: another data set is being imported; try again when that has finished", d.folder.string());
        d.requireNewName("datasets", "data set", m_name);
        m_firstPair = d.firstFreePair();
        d.addingDataset = true;
    });
}

DatasetWriter::~DatasetWriter()
{
    auto& d = *m_project.m_d;
    try {
        for (std::int64_t left = m_finished ? 0 : m_count; left > 0; left -= kRemovedAtOnce)
            d.write([&] {
                d.statement(
                     "DELETE FROM pairs WHERE id >= ?", m_firstPair + std::max<std::int64_t>(left - kRemovedAtOnce, 0))
                    .exec();
            });
    } catch (const std::exception& error) {
        log().warn("{}; what is left of the import goes when the project is opened again", error.what());
    }
    d.addingDataset = false;
}

void DatasetWriter::add(PreferencePair&& pair)
{
    m_digest.add(pair);
    m_waitingBytes += pair.prompt.size() + pair.chosen.size() + pair.rejected.size();
    m_waiting.push_back(std::move(pair));
    if (m_waiting.size() >= kPairsAtOnce || m_waitingBytes >= kBytesAtOnce)
        flush();
}

void DatasetWriter::flush()
{
    auto& d = *m_project.m_d;
    d.write([&] { d.insertPairs(m_firstPair + m_count, m_waiting); });
    m_count += std::int64_t(m_waiting.size());
    m_waiting.clear();
    m_waitingBytes = 0;
}

void DatasetWriter::finish(DatasetKind kind, const std::string& source, const ImportReport* report)
{
    flush();
    DatasetRow row;
    row.name = m_name;
    row.kind = kind;
    row.digest = m_digest.hex();
    row.source = source;
    row.pairs = m_count;
    auto& d = *m_project.m_d;
    d.write([&] { d.insertDataset(row, m_firstPair, report); });
    m_finished = true;
}

} // namespace mpo
