// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runs/event_message.h"

#include "core/support/protobuf_fields.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace mpo {

namespace {

// Numbers of fields.
constexpr std::uint32_t kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7; // Event
constexpr std::uint32_t kValue = 1; // Summary
constexpr std::uint32_t kTag = 1, kSimpleValue = 2, kTensor = 8, kMetadata = 9; // Summary.Value
constexpr std::uint32_t kPluginData = 1, kPluginName = 1; // SummaryMetadata, its PluginData
constexpr std::uint32_t kStatus = 1, kStatusStart = 1; // SessionLog
constexpr std::uint32_t kDtype = 1, kShape = 2, kContent = 4, kFloats = 5, kDoubles = 6, kInts = 7, kStrings = 8,
                        kInt64s = 10, kHalfs = 13; // TensorProto
constexpr std::uint32_t kDim = 2, kDimSize = 1; // TensorShapeProto, its Dim
enum DataType : std::uint64_t { Float = 1, Double = 2, Int32 = 3, String = 7, Int64 = 9, BFloat16 = 14, Half = 19 };

struct Fields : ProtobufFields
{
    explicit Fields(std::string_view message)
        : ProtobufFields(message, "an event")
    {
    }
};

double half(std::uint16_t bits)
{
    const int exponent = (bits >> 10) & 0x1F, fraction = bits & 0x3FF;
    const double sign = (bits & 0x8000U) != 0 ? -1.0 : 1.0;
    if (exponent == 0x1F)
        return fraction == 0 ? sign * std::numeric_limits<double>::infinity()
                             : std::numeric_limits<double>::quiet_NaN();
    return exponent == 0 ? sign * std::ldexp(fraction, -24) : sign * std::ldexp(1024 + fraction, exponent - 25);
}

double brainFloat(std::uint16_t bits) { return double(std::bit_cast<float>(std::uint32_t(bits) << 16)); }

struct Tensor
{
    std::uint64_t type = 0;
    bool single = true; ///< one element
    std::string_view content;
    std::optional<double> number; ///< the first of the typed lists
    std::optional<std::string> text;
};

bool isSingle(std::string_view shape)
{
    bool single = true;
    for (Fields fields(shape); fields.next();)
        if (fields.is(kDim, Wire::Bytes))
            for (Fields dim(fields.bytes); dim.next();)
                if (dim.is(kDimSize, Wire::Varint))
                    single = single && dim.value == 1;
    return single;
}

/// The first number of a list of numbers of `Number`, packed or not.
template<class Number>
void takeFirst(std::optional<double>& first, const Fields& field)
{
    if (!first && field.wire != Wire::Varint && field.bytes.size() >= sizeof(Number))
        first = double(numberFrom<Number>(field.bytes));
}

std::optional<std::uint64_t> firstVarint(const Fields& field)
{
    if (field.wire == Wire::Varint)
        return field.value;
    if (field.wire != Wire::Bytes || field.bytes.empty())
        return std::nullopt;
    return Fields(field.bytes).takeVarint();
}

Tensor readTensor(std::string_view bytes)
{
    Tensor tensor;
    for (Fields field(bytes); field.next();) {
        if (field.is(kDtype, Wire::Varint))
            tensor.type = field.value;
        else if (field.is(kShape, Wire::Bytes))
            tensor.single = isSingle(field.bytes);
        else if (field.is(kContent, Wire::Bytes))
            tensor.content = field.bytes;
        else if (field.number == kFloats)
            takeFirst<float>(tensor.number, field);
        else if (field.number == kDoubles)
            takeFirst<double>(tensor.number, field);
        else if (field.is(kStrings, Wire::Bytes) && !tensor.text)
            tensor.text = std::string(field.bytes);
        else if (field.number == kInts || field.number == kInt64s) {
            if (const auto value = firstVarint(field); value && !tensor.number)
                tensor.number = double(static_cast<std::int64_t>(*value));
        } else if (field.number == kHalfs) {
            if (const auto value = firstVarint(field); value && !tensor.number)
                tensor.number
                    = tensor.type == BFloat16 ? brainFloat(std::uint16_t(*value)) : half(std::uint16_t(*value));
        }
    }
    return tensor;
}

std::optional<double> scalarOf(const Tensor& tensor)
{
    if (!tensor.single)
        return std::nullopt;
    const auto content = [&](std::size_t size) { return tensor.content.size() == size; };
    switch (tensor.type) {
    case Float:
        return content(4) ? double(numberFrom<float>(tensor.content)) : tensor.number;
    case Double:
        return content(8) ? numberFrom<double>(tensor.content) : tensor.number;
    case Int32:
        return content(4) ? double(numberFrom<std::int32_t>(tensor.content)) : tensor.number;
    case Int64:
        return content(8) ? double(numberFrom<std::int64_t>(tensor.content)) : tensor.number;
    case Half:
        return content(2) ? half(numberFrom<std::uint16_t>(tensor.content)) : tensor.number;
    case BFloat16:
        return content(2) ? brainFloat(numberFrom<std::uint16_t>(tensor.content)) : tensor.number;
    default:
        return std::nullopt;
    }
}

std::string pluginOf(std::string_view metadata)
{
    std::string name;
    for (Fields field(metadata); field.next();)
        if (field.is(kPluginData, Wire::Bytes))
            for (Fields plugin(field.bytes); plugin.next();)
                if (plugin.is(kPluginName, Wire::Bytes))
                    name = plugin.bytes;
    return name;
}

SummaryValue readValue(std::string_view bytes)
{
    SummaryValue value;
    std::optional<Tensor> tensor;
    std::string plugin;
    for (Fields field(bytes); field.next();) {
        if (field.is(kTag, Wire::Bytes))
            value.tag = field.bytes;
        else if (field.is(kSimpleValue, Wire::Fixed32))
            value.scalar = double(numberFrom<float>(field.bytes));
        else if (field.is(kTensor, Wire::Bytes))
            tensor = readTensor(field.bytes);
        else if (field.is(kMetadata, Wire::Bytes))
            plugin = pluginOf(field.bytes);
    }
    // TensorBoard names the plugin in the first value of a tag only: a tensor without one is taken by its type.
    if (tensor && (plugin.empty() || plugin == "scalars"))
        value.scalar = scalarOf(*tensor);
    if (tensor && tensor->type == String && (plugin.empty() || plugin == "text"))
        value.text = tensor->text;
    return value;
}

void appendVarint(std::string& text, std::uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        text += static_cast<char>((value & 0x7FU) | 0x80U);
    text += static_cast<char>(value);
}

void appendKey(std::string& text, std::uint32_t number, Wire wire)
{
    appendVarint(text, std::uint64_t(number) << 3 | std::uint64_t(wire));
}

void appendVarintField(std::string& text, std::uint32_t number, std::uint64_t value)
{
    appendKey(text, number, Wire::Varint);
    appendVarint(text, value);
}

void appendBytes(std::string& text, std::uint32_t number, std::string_view bytes)
{
    appendKey(text, number, Wire::Bytes);
    appendVarint(text, bytes.size());
    text += bytes;
}

template<class Number>
void appendFixed(std::string& text, std::uint32_t number, Number value)
{
    appendKey(text, number, sizeof(Number) == 8 ? Wire::Fixed64 : Wire::Fixed32);
    char bytes[sizeof(Number)];
    std::memcpy(bytes, &value, sizeof value);
    text.append(bytes, sizeof bytes);
}

std::string bytesOfText(const std::string& text)
{
    std::string dim, shape, tensor;
    appendVarintField(dim, kDimSize, 1);
    appendBytes(shape, kDim, dim);
    appendVarintField(tensor, kDtype, String);
    appendBytes(tensor, kShape, shape);
    appendBytes(tensor, kStrings, text);
    return tensor;
}

std::string bytesOfValue(const SummaryValue& value)
{
    std::string bytes;
    appendBytes(bytes, kTag, value.tag);
    if (value.scalar)
        appendFixed(bytes, kSimpleValue, float(*value.scalar));
    if (value.text) {
        std::string plugin, metadata;
        appendBytes(plugin, kPluginName, "text");
        appendBytes(metadata, kPluginData, plugin);
        appendBytes(bytes, kTensor, bytesOfText(*value.text));
        appendBytes(bytes, kMetadata, metadata);
    }
    return bytes;
}

} // namespace

EventMessage parseEvent(std::string_view bytes)
{
    EventMessage event;
    for (Fields field(bytes); field.next();) {
        if (field.is(kWallTime, Wire::Fixed64))
            event.wallTime = numberFrom<double>(field.bytes);
        else if (field.is(kStep, Wire::Varint))
            event.step = static_cast<std::int64_t>(field.value);
        else if (field.is(kFileVersion, Wire::Bytes))
            event.fileVersion = field.bytes;
        else if (field.is(kSummary, Wire::Bytes)) {
            for (Fields value(field.bytes); value.next();)
                if (value.is(kValue, Wire::Bytes))
                    if (SummaryValue read = readValue(value.bytes); read.scalar || read.text)
                        event.values.push_back(std::move(read));
        } else if (field.is(kSessionLog, Wire::Bytes)) {
            for (Fields log(field.bytes); log.next();)
                event.sessionStart = event.sessionStart || (log.is(kStatus, Wire::Varint) && log.value == kStatusStart);
        }
    }
    return event;
}

std::string bytesOfEvent(const EventMessage& event)
{
    std::string bytes;
    appendFixed(bytes, kWallTime, event.wallTime);
    if (event.step != 0)
        appendVarintField(bytes, kStep, std::uint64_t(event.step));
    if (!event.fileVersion.empty())
        appendBytes(bytes, kFileVersion, event.fileVersion);
    if (!event.values.empty()) {
        std::string summary;
        for (const SummaryValue& value : event.values)
            appendBytes(summary, kValue, bytesOfValue(value));
        appendBytes(bytes, kSummary, summary);
    }
    if (event.sessionStart) {
        std::string log;
        appendVarintField(log, kStatus, kStatusStart);
        appendBytes(bytes, kSessionLog, log);
    }
    return bytes;
}

} // namespace mpo
