// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace mpo {

class Settings;
struct Model;
struct ModelConfig;

/// Makes dtype "auto" the type that suits the model: all models of a stage compute with it, and checkpoints tell it.
void settleComputeType(Settings& settings, const ModelConfig& model);

/// Makes a model, or the one adapter of it, ready to be trained as the settings dtype and gradient_checkpointing say.
/// Digests of it are taken before: the base of an adapter is rounded (frozen_weights.h).
void prepareForTraining(Model& model, const Settings& settings);

} // namespace mpo
