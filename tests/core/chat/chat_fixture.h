// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/file.h"
#include "core/support/json.h"
#include "core/tokenizer/tokenizer.h"

#include <filesystem>

namespace chat_fixture {

inline const std::filesystem::path kFolder = std::filesystem::path(MPO_FIXTURES) / "chat";

inline std::string templateNamed(const std::string& name)
{
    return mpo::readTextFile(kFolder / "templates" / (name + ".jinja"));
}

/// The tokenizer of the fixtures with a chat template (empty: none), as a model folder holds it.
inline std::shared_ptr<const mpo::Tokenizer> tokenizerWith(
    const std::filesystem::path& folder, const std::string& chatTemplate)
{
    std::filesystem::create_directories(folder);
    std::filesystem::copy_file(
        kFolder / "chat_tokenizer.json", folder / "tokenizer.json", std::filesystem::copy_options::overwrite_existing);
    mpo::Json config = {{"bos_token", "<s>"}, {"eos_token", "</s>"}, {"pad_token", "<pad>"}, {"unk_token", "<unk>"}};
    if (!chatTemplate.empty())
        config["chat_template"] = chatTemplate;
    mpo::writeJsonFile(folder / "tokenizer_config.json", config);
    return mpo::Tokenizer::load(folder);
}

} // namespace chat_fixture
