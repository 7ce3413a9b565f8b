#ifndef ANNSMITH_HARNESS_JSON_WRITER_H_
#define ANNSMITH_HARNESS_JSON_WRITER_H_

#include <cstdint>
#include <string>
#include <vector>

namespace annsmith::harness {

// Builds one JSON object, fields in the order they are added. Text is escaped; bytes that are not
// UTF-8 become U+FFFD, because what a candidate prints may be anything.
class JsonObject {
 public:
  JsonObject& Text(const std::string& key, const std::string& value);
  JsonObject& Integer(const std::string& key, uint64_t value);
  JsonObject& Signed(const std::string& key, int64_t value);
  // NaN and infinities become null, which JSON has instead.
  JsonObject& Number(const std::string& key, double value);
  JsonObject& Bool(const std::string& key, bool value);
  // `json` is a JSON value already.
  JsonObject& Raw(const std::string& key, const std::string& json);
  // Appends the fields of another object.
  JsonObject& Merge(const JsonObject& other);

  std::string str() const { return "{" + body_ + "}"; }

 private:
  std::string body_;
};

std::string JsonArray(const std::vector<std::string>& values);
std::string JsonText(const std::string& text);
std::string Base64(const std::vector<uint8_t>& bytes);

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_JSON_WRITER_H_
