#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "redis/redis_command.h"
#include "redis/redis_link.h"
#include "redis/redis_slots.h"

namespace tacos::support {

// Runs a loop in the test's thread until something holds, for at most ten seconds; whether it came to hold.
inline bool run_until(boost::asio::io_context& loop, const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    loop.restart();
    loop.run_one_for(std::chrono::milliseconds(20));
  }
  return true;
}

// A request and what became of it.
struct Question {
  redis::RedisRequest request;
  int answers = 0;  // must end at 1
  redis::RedisFailure failure = redis::RedisFailure::kNone;
  std::string text;  // of the reply; of an integer its digits
  bool is_error = false;
};

// Asks a link, keeps every question where it is, and counts what is answered.
class Questions {
 public:
  template <class... Words>
  Question& ask(redis::RedisLink& link, const Words&... words) {
    Question& question = prepare(words...);
    link.submit(question.request);
    return question;
  }
  // With the slot of a key.
  template <class... Words>
  Question& ask_of(redis::RedisLink& link, std::string_view key, const Words&... words) {
    Question& question = prepare(words...);
    question.request.slot = redis::redis_slot(key);
    link.submit(question.request);
    return question;
  }
  template <class... Words>
  Question& prepare(const Words&... words) {
    Question& question = asked_.emplace_back();
    redis::append_command(question.request.command, words...);
    question.request.owner = this;
    question.request.done = [](redis::RedisRequest& request, const redis::RedisReply* reply,
                               redis::RedisFailure failure) {
      static_cast<Questions*>(request.owner)->on_done(request, reply, failure);
    };
    return question;
  }

  std::size_t asked() const { return asked_.size(); }
  std::size_t answered() const { return answered_; }
  bool all_answered() const { return answered_ >= asked_.size(); }
  const std::deque<Question>& all() const { return asked_; }

  void expect_each_answered_once() const {
    for (const Question& question : asked_) EXPECT_EQ(question.answers, 1);
  }

  // Called with each question when it is answered, after it was noted.
  std::function<void(Question&)> on_answer;

 private:
  void on_done(redis::RedisRequest& request, const redis::RedisReply* reply, redis::RedisFailure failure) {
    // The request is the question's first member.
    auto& question = reinterpret_cast<Question&>(request);
    ++question.answers;
    ++answered_;
    question.failure = failure;
    EXPECT_EQ(reply == nullptr, failure != redis::RedisFailure::kNone);
    if (reply != nullptr) {
      question.is_error = reply->is_error();
      question.text = reply->type() == redis::RedisReply::Type::kInteger ? std::to_string(reply->integer())
                                                                         : std::string(reply->text());
    }
    if (on_answer) on_answer(question);
  }

  std::deque<Question> asked_;
  std::size_t answered_ = 0;
};

}  // namespace tacos::support
