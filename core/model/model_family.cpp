// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/model_family.h"

#include "core/model/families/gemma.h"
#include "core/model/families/gemma2.h"
#include "core/model/families/gemma3_text.h"
#include "core/model/families/gpt2.h"
#include "core/model/families/gpt_neox.h"
#include "core/model/families/llama.h"
#include "core/model/families/mistral.h"
#include "core/model/families/phi3.h"
#include "core/model/families/qwen2.h"
#include "core/model/families/qwen3.h"
#include "core/support/error.h"

namespace mpo {

std::span<const ModelFamily> modelFamilies()
{
    static const std::vector<ModelFamily> families {
        llamaFamily(),
        mistralFamily(),
        qwen2Family(),
        qwen3Family(),
        gemmaFamily(),
        gemma2Family(),
        gemma3TextFamily(),
        phi3Family(),
        gpt2Family(),
        gptNeoxFamily(),
    };
    return families;
}

const ModelFamily& findModelFamily(std::string_view name)
{
    std::string known;
    for (const ModelFamily& family : modelFamilies()) {
        if (family.name == name)
            return family;
        known += (known.empty() ? "" : ", ") + std::string(family.name);
    }
    fail("\"model_type\" is \"{}\", which is not supported; there are {}", name, known);
}

} // namespace mpo
