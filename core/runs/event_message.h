// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpo {

/// A number or a text that a TensorBoard event carries under a tag.
struct SummaryValue
{
    std::string tag;
    std::optional<double> scalar; ///< simple_value, or a tensor of one number
    std::optional<std::string> text; ///< of the text plugin
};

/// The part of the protocol buffer tensorflow.Event that curves are made of
/// (tensorboard/compat/proto/event.proto, summary.proto, tensor.proto).
struct EventMessage
{
    double wallTime = 0.0; ///< seconds since 1970
    std::int64_t step = 0;
    std::string fileVersion; ///< "brain.Event:2" in the first event of a file
    bool sessionStart = false; ///< the program began anew: what it had logged from this step on is void
    std::vector<SummaryValue> values; ///< images, histograms and sounds are passed over
};

/// Throws Error saying what is wrong with the bytes, without the file.
EventMessage parseEvent(std::string_view bytes);

/// The bytes of an event with these parts; a value with text becomes a string tensor of the text plugin, one with a
/// scalar a simple_value. Scalars lose precision to fp32, which is what the format holds.
std::string bytesOfEvent(const EventMessage& event);

} // namespace mpo
