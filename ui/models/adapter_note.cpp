// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/adapter_note.h"

#include "core/hub/model_files.h"
#include "core/support/json.h"

#include <QObject>

namespace mpo {

QString adapterNote(const std::filesystem::path& folder)
{
    const std::filesystem::path file = folder / model_file::kAdapterConfig;
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(file, ignored))
        return {};
    try {
        if (const std::int64_t rank = readJsonFile(file).at("r").get<std::int64_t>(); rank > 0)
            return QObject::tr("LoRA adapter of rank %1").arg(rank);
    } catch (const std::exception&) { // loading it will say what is wrong
    }
    return QObject::tr("LoRA adapter");
}

} // namespace mpo
