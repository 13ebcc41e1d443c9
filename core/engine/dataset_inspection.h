// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/dataset_check.h"
#include "core/store/project.h"

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace mpo {

/// What stands out in a data set of the project. `model`: folder whose tokenizer and chat template give the lengths;
/// empty: characters are counted. `against`: another data set of the project whose prompts should not be in this one;
/// empty: none. Slow for many rows (read in portions): not for the UI thread. Throws Error; "Stopped" after a stop.
DatasetFindings inspectDataset(const Project& project, const std::string& dataset, const std::string& model,
    const std::string& against, const std::stop_token& stop = {},
    const std::function<void(double share)>& progress = {});

/// Rows as a model gets them: through its chat template, with its special tokens. Holds the tokenizer. One thread.
class TokenPreview
{
public:
    explicit TokenPreview(const std::string& modelFolder); ///< throws Error
    ~TokenPreview();

    struct Piece
    {
        std::string text; ///< of a special token as it is called: "<|im_end|>"
        bool special = false;
    };
    struct Part
    {
        std::vector<Piece> pieces; ///< tokens in a row that are not special are one piece
        std::int64_t tokens = 0;
    };
    struct Row
    {
        Part prompt, chosen, rejected;
    };
    /// Throws Error where the template does not take the row.
    Row row(const PreferencePair& pair, DatasetKind kind) const;

private:
    struct Private;
    std::unique_ptr<Private> m_d;
};

} // namespace mpo
